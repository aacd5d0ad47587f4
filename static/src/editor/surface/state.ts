/** What only the canvas needs to know: what is being dragged, where the keys are, what is open on it. */

import type { ReactFlowInstance } from "@xyflow/react";
import { create } from "zustand";
import type { Point } from "../document/edits.ts";
import type { Opened } from "./ContextMenu.tsx";
import type { Guide } from "./guides.ts";
import type { Size } from "./scene.ts";

interface SurfaceState {
  /** Where things are while they are dragged: nodes within their container, notes and frames on the canvas. */
  moved: Readonly<Record<string, Point>> | null;
  /** How large a note or frame is while somebody sizes it. */
  sized: Readonly<Record<string, Size>> | null;
  guides: readonly Guide[];
  /** The container or agent that takes what is dragged when it is let go. */
  into: string | null;
  /** What happens when it is let go there, if that is worth a word. */
  warning: string;
  /** The node that the Tab key reaches. */
  reached: string | null;
  /** The connection under the pointer. */
  hovered: string | null;
  /** The node or note whose words are being written on the canvas. */
  writing: string | null;
  isSearching: boolean;
  /** The node from which a connection is drawn by keys. */
  connecting: string | null;
  /** A loop is being chosen to put steps into. */
  isNesting: boolean;
  /** An agent is being chosen to hang tools and memories on. */
  isHanging: boolean;
  menu: Opened | null;
  /** Nodes go to their places slowly: a layout was made. */
  isGliding: boolean;
}

export const useSurface = create<SurfaceState>()(() => ({
  moved: null,
  sized: null,
  guides: [],
  into: null,
  warning: "",
  reached: null,
  hovered: null,
  writing: null,
  isSearching: false,
  connecting: null,
  isNesting: false,
  isHanging: false,
  menu: null,
  isGliding: false,
}));

/** The view of the canvas, while it is on the page. */
let view: ReactFlowInstance | null = null;
export const theView = (): ReactFlowInstance | null => view;
export const setView = (now: ReactFlowInstance | null): void => {
  view = now;
};

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
