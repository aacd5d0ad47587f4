/** Where on the screen the canvas's places are. Read from what is drawn, so that any part may ask at any time. */

import type { Point } from "./document/edits.ts";

/** Where the canvas's corner stands in the window, and how large it is drawn. */
export interface View {
  x: number;
  y: number;
  zoom: number;
  /** The part of the window the canvas is seen in. */
  box: DOMRect;
}

/** Null before the canvas is drawn. */
export function view(): View | null {
  const pane = document.querySelector<HTMLElement>(".editor-surface .react-flow");
  const moved = pane?.querySelector<HTMLElement>(".react-flow__viewport");
  if (!pane || !moved) return null;
  const box = pane.getBoundingClientRect();
  const { e, f, a } = new DOMMatrix(getComputedStyle(moved).transform);
  return { x: box.left + e, y: box.top + f, zoom: a, box };
}

/** The place on the canvas below a place in the window. */
export function toCanvas({ x, y }: Point): Point {
  const now = view();
  if (!now) return { x, y };
  return { x: (x - now.x) / now.zoom, y: (y - now.y) / now.zoom };
}

/** The place in the window above a place on the canvas. */
export function toWindow({ x, y }: Point): Point {
  const now = view();
  return now ? { x: x * now.zoom + now.x, y: y * now.zoom + now.y } : { x, y };
}

/** The middle of what is seen, on the canvas. */
export function middle(): Point {
  const now = view();
  if (!now) return { x: 0, y: 0 };
  const { left, top, width, height } = now.box;
  return toCanvas({ x: left + width / 2, y: top + height / 2 });
}
