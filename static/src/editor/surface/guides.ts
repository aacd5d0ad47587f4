/** Lines that help to put things straight: what is dragged snaps to what stands near. Pure. */

import type { Rect } from "../../canvas/routing.ts";
import type { Point } from "../document/edits.ts";

/** A line along which things stand, and how far from the nearest of them. */
export interface Guide {
  axis: "x" | "y";
  /** Where it stands on its axis. */
  at: number;
  from: number;
  to: number;
  /** The space between what is dragged and its neighbour on the line; null where they overlap. */
  gap: { from: number; to: number } | null;
}

export interface Aligned {
  /** How far to move so that it stands straight. */
  by: Point;
  guides: Guide[];
}

/**
 * Aligns a rectangle with others: edges and middles, within `reach`. `levels`: moves along y that make a connection
 * straight, which come before all else.
 */
export function align(
  box: Rect,
  others: readonly Rect[],
  reach: number,
  levels: readonly number[] = [],
): Aligned {
  const x = nearest(stops(box.x, box.width), others, (rect) => stops(rect.x, rect.width), reach);
  const y =
    levels.filter((by) => Math.abs(by) <= reach).sort((a, b) => Math.abs(a) - Math.abs(b))[0] ??
    nearest(stops(box.y, box.height), others, (rect) => stops(rect.y, rect.height), reach);
  const by = { x: x ?? 0, y: y ?? 0 };
  const moved = { ...box, x: box.x + by.x, y: box.y + by.y };
  return {
    by,
    guides: [
      ...(x === null ? [] : lines("x", moved, others)),
      ...(y === null || y === undefined ? [] : lines("y", moved, others)),
    ],
  };
}

const stops = (start: number, length: number): number[] => [start, start + length / 2, start + length];

function nearest(
  own: readonly number[],
  others: readonly Rect[],
  stopsOf: (rect: Rect) => number[],
  reach: number,
): number | null {
  let best: number | null = null;
  for (const rect of others)
    for (const stop of stopsOf(rect))
      for (const mine of own) {
        const by = stop - mine;
        if (Math.abs(by) <= reach && (best === null || Math.abs(by) < Math.abs(best))) best = by;
      }
  return best;
}

/** The lines on which a rectangle stands with others, one for each place, to the nearest of them. */
function lines(axis: "x" | "y", box: Rect, others: readonly Rect[]): Guide[] {
  const found: Guide[] = [];
  const [start, size, cross, length] =
    axis === "x" ? (["x", "width", "y", "height"] as const) : (["y", "height", "x", "width"] as const);
  for (const at of stops(box[start], box[size])) {
    const on = others.filter((rect) =>
      stops(rect[start], rect[size]).some((stop) => Math.abs(stop - at) < 0.5),
    );
    const far = (rect: Rect): number =>
      Math.max(rect[cross] - box[cross] - box[length], box[cross] - rect[cross] - rect[length]);
    const next = on.sort((a, b) => far(a) - far(b))[0];
    if (!next) continue;
    const from = Math.min(next[cross], box[cross]);
    const to = Math.max(next[cross] + next[length], box[cross] + box[length]);
    const isBefore = next[cross] + next[length] <= box[cross];
    const gap =
      far(next) <= 0
        ? null
        : isBefore
          ? { from: next[cross] + next[length], to: box[cross] }
          : { from: box[cross] + box[length], to: next[cross] };
    found.push({ axis, at, from, to, gap });
  }
  // One line says it; the middle where all three hold.
  return found.length > 1 ? [found[1] ?? found[0]].flatMap((guide) => guide ?? []) : found;
}
