/** What an editor adds to what the canvas draws; elsewhere nothing. */

import { type ComponentType, createContext } from "react";
import type { Attachment } from "./docking.ts";
import type { Point } from "./layout.ts";

export interface Hands {
  /** Connections can be drawn from and to ports. */
  isConnectable: boolean;
  /** At the corner of a node that is at rest. */
  Corner: ComponentType<{ id: string }> | null;
  /** Beside an outcome, `top` pixels below its node's upper rim. */
  Port: ComponentType<{ id: string; port: string; top: number }> | null;
  /** On a container, over what is inside. */
  Inside: ComponentType<{ id: string; isEmpty: boolean }> | null;
  /** The way to hang something on an agent: on its rim, or where the first of its kind would hang. */
  Hang: ComponentType<{ id: string; kind: Attachment; at: Point; isFirst: boolean }> | null;
}

export const NO_HANDS: Hands = { isConnectable: false, Corner: null, Port: null, Inside: null, Hang: null };

/** Given once and never changed, so that it draws nothing anew. */
export const HandsContext = createContext<Hands>(NO_HANDS);
