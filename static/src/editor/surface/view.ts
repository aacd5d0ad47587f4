/** What of the canvas is seen: all of it at first, and what is worked on. */

import { getViewportForBounds, useReactFlow, useStore, type Viewport } from "@xyflow/react";
import { useEffect, useRef } from "react";
import type { Rect } from "../../canvas/routing.ts";
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

interface Size {
  width: number;
  height: number;
}

/** The view of a canvas that became larger or smaller: its middle stays; who saw everything still does, up to `most`. */
function resized(was: Viewport, before: Size, now: Size, most: number): Viewport {
  const { width, height } = now;
  const { x, y, zoom } = was;
  const kept = { x: x + (width - before.width) / 2, y: y + (height - before.height) / 2, zoom };
  const all = around(rectsIn(sceneNow(), ""));
  if (!all || !isWhole(all, was, before)) return kept;
  if (isWhole(all, kept, now) && zoom >= most) return kept;
  const fit = getViewportForBounds(all, width, height, FIT.minZoom, most, FIT.padding);
  return fit.zoom < LEGIBLE ? kept : fit;
}

function isWhole(rect: Rect, { x, y, zoom }: Viewport, { width, height }: Size): boolean {
  const [left, top] = [rect.x * zoom + x, rect.y * zoom + y];
  return left >= 0 && top >= 0 && left + rect.width * zoom <= width && top + rect.height * zoom <= height;
}

/**
 * Fits once when the canvas has a size. Afterwards it follows what panels leave of the canvas, and what is opened is
 * brought into sight.
 */
export function useView(): void {
  const { fitView, setCenter, getViewport, setViewport } = useReactFlow();
  const width = useStore((state) => Math.round(state.width));
  const height = useStore((state) => Math.round(state.height));
  const open = useEditor((state) => state.open);
  const size = useRef({ width: 0, height: 0 });
  const made = useRef({ zoom: 0, most: 0 });
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
      if (first && all && (zoom < LEGIBLE || width < NARROW)) {
        const half = (height / 2 - 72) / BEGINNING;
        const [top, bottom] = [all.y + half, all.y + all.height - half];
        // The height is used for the graph: its middle if all of it has room, else no more than a rim of nothing.
        const y =
          top > bottom ? all.y + all.height / 2 : Math.min(Math.max(first.y + first.height / 2, top), bottom);
        void setCenter(first.x + (width / 2 - 40) / BEGINNING, y, { zoom: BEGINNING });
      } else void fitView(FIT);
      return;
    }
    if (before.width !== width || before.height !== height) {
      const was = getViewport();
      // What was made smaller for the sake of a panel becomes as large again as it was.
      const most = made.current.zoom === was.zoom ? made.current.most : was.zoom;
      const next = resized(was, before, { width, height }, most);
      made.current = { zoom: next.zoom, most };
      void setViewport(next);
    }
    if (open !== null) bringIntoSight(open, reducedMotion() ? 0 : 220);
  }, [width, height, open, fitView, setCenter, getViewport, setViewport]);
}
