/** What of the canvas is seen: all of it at first, and what is worked on. */

import { useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useEditor } from "../store.ts";
import { bringIntoSight } from "./actions.ts";
import { around, rectOf, rectsIn, sceneNow } from "./scene.ts";
import { reducedMotion, theView } from "./state.ts";
import { readingOrder } from "./walk.ts";

/** Room for the bars at the bottom and for badges at the rims. */
export const FIT = {
  padding: { top: "40px", right: "64px", bottom: "72px", left: "48px" },
  maxZoom: 1,
  minZoom: 0.1,
} as const;
const SLOW = 400;
const NARROW = 600;
/** What would have to be drawn smaller than this is not fitted into the view at first. */
const LEGIBLE = 0.45;
const BEGINNING = 0.8;

export const slow = (): number => (reducedMotion() ? 0 : SLOW);

/** Fits the view to these nodes, or to everything. */
export function fitTo(ids?: Iterable<string>): void {
  const nodes = ids ? [...ids].map((id) => ({ id })) : undefined;
  void theView()?.fitView({ ...FIT, ...(nodes ? { nodes } : {}), duration: slow() });
}

export function zoomTo(zoom: number): void {
  void theView()?.zoomTo(zoom, { duration: slow() / 2 });
}

/**
 * Fits once when the canvas has a size. Afterwards its middle stays the middle when a panel makes it lower or narrower,
 * and what is opened is brought into sight.
 */
export function useView(): void {
  const { fitView, setCenter, getViewport, setViewport } = useReactFlow();
  const width = useStore((state) => Math.round(state.width));
  const height = useStore((state) => Math.round(state.height));
  const open = useEditor((state) => state.open);
  const size = useRef({ width: 0, height: 0 });
  useEffect(() => {
    if (width === 0 || height === 0) return;
    const before = size.current;
    size.current = { width, height };
    if (before.width === 0) {
      const scene = sceneNow();
      const first = rectOf(scene, readingOrder(scene)[0] ?? "");
      const all = around(rectsIn(scene, ""));
      const zoom = all ? Math.min((width - 112) / all.width, (height - 112) / all.height) : 1;
      // What would be too small to read, and everything on a phone, is seen from where it begins.
      if (first && (zoom < LEGIBLE || width < NARROW))
        void setCenter(first.x + (width / 2 - 40) / BEGINNING, first.y + first.height / 2, {
          zoom: BEGINNING,
        });
      else void fitView(FIT);
      return;
    }
    if (before.width !== width || before.height !== height) {
      const { x, y, zoom } = getViewport();
      void setViewport({ x: x + (width - before.width) / 2, y: y + (height - before.height) / 2, zoom });
    }
    if (open !== null) bringIntoSight(open, reducedMotion() ? 0 : 220);
  }, [width, height, open, fitView, setCenter, getViewport, setViewport]);
}
