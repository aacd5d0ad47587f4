/** What stands where on the canvas, for the parts that reckon with it. */

import type { Dock } from "../../canvas/docking.ts";
import type { Family } from "../../canvas/family.ts";
import { ancestorsOf } from "../../canvas/family.ts";
import type { Rect } from "../../canvas/routing.ts";
import { useCanvas } from "../../canvas/store.ts";
import type { Point } from "../document/edits.ts";

export interface Size {
  width: number;
  height: number;
  /** Of an agent: what hangs below it. */
  dock?: Dock | null;
}

/** Places are top left corners, from the canvas's own. */
export interface Scene {
  places: Readonly<Record<string, Point>>;
  sizes: Readonly<Record<string, Size>>;
  family: Family;
  closed: ReadonlySet<string>;
}

/** The canvas as it is drawn now. */
export function sceneNow(): Scene {
  const { places, cards, family, closed } = useCanvas.getState();
  return { places, sizes: cards, family, closed };
}

export function rectOf(scene: Scene, id: string): Rect | null {
  const place = scene.places[id];
  const size = scene.sizes[id];
  return place && size ? { id, x: place.x, y: place.y, width: size.width, height: size.height } : null;
}

/** Whether nothing around it is closed. */
export const isSeen = (scene: Scene, id: string): boolean =>
  !ancestorsOf(scene.family, scene.family.agentOf.get(id) ?? id).some((ancestor) =>
    scene.closed.has(ancestor),
  );

/** The nodes of a level (a container, or "" for the workflow's own) as they stand. */
export function rectsIn(scene: Scene, level: string): Rect[] {
  return (scene.family.childrenOf.get(level) ?? []).flatMap((id) => rectOf(scene, id) ?? []);
}

export const holds = (rect: Rect, { x, y }: Point, beyond = 0): boolean =>
  x >= rect.x - beyond &&
  x <= rect.x + rect.width + beyond &&
  y >= rect.y - beyond &&
  y <= rect.y + rect.height + beyond;

/** The smallest rectangle around others. */
export function around(rects: readonly Omit<Rect, "id">[]): Rect | null {
  if (rects.length === 0) return null;
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
  return { id: "", x, y, width: right - x, height: bottom - y };
}
