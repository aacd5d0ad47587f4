/** Going from node to node by keys. Pure. */

import type { ConnectionDocument } from "../../canvas/types.ts";
import type { Point } from "../document/edits.ts";
import type { Scene } from "./scene.ts";
import { isSeen, rectOf } from "./scene.ts";

export type Direction = "left" | "right" | "up" | "down";

/** Nodes from left to right, those that stand above one another from top to bottom; what is inside after its container. */
export function readingOrder(scene: Scene): string[] {
  const found: string[] = [];
  const visit = (level: string): void => {
    const row = (scene.family.childrenOf.get(level) ?? []).filter((id) => scene.places[id]);
    const place = (id: string): Point => scene.places[id] ?? { x: 0, y: 0 };
    for (const id of [...row].sort((a, b) => place(a).x - place(b).x || place(a).y - place(b).y)) {
      found.push(id, ...(scene.family.hangingOn.get(id) ?? []));
      if (!scene.closed.has(id)) visit(id);
    }
  };
  visit("");
  return found;
}

/**
 * The node to go to: right and left along connections (in the order of the outcomes), down from an agent to what hangs
 * on it and up again; up and down and wherever no connection leads to the nearest one that stands there. Null where
 * there is none.
 */
export function step(
  scene: Scene,
  connections: readonly ConnectionDocument[],
  portsOf: (id: string) => readonly string[],
  from: string,
  direction: Direction,
): string | null {
  if (direction === "right") {
    const order = portsOf(from);
    const next = connections
      .filter((one) => one.from === from && isSeen(scene, one.to))
      .sort((a, b) => order.indexOf(a.port) - order.indexOf(b.port))[0];
    if (next) return next.to;
  }
  const agent = scene.family.agentOf.get(from);
  if (direction === "down" && agent === undefined) {
    const [first] = scene.family.hangingOn.get(from) ?? [];
    if (first !== undefined && isSeen(scene, first)) return first;
  }
  if (direction === "up" && agent !== undefined) return agent;
  if (direction === "left") {
    const next = connections.find((one) => one.to === from && isSeen(scene, one.from));
    if (next) return next.from;
  }
  return nearest(scene, from, direction);
}

function nearest(scene: Scene, from: string, direction: Direction): string | null {
  const own = rectOf(scene, from);
  if (!own) return null;
  const middle = { x: own.x + own.width / 2, y: own.y + Math.min(own.height, 48) / 2 };
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const id of Object.keys(scene.places)) {
    const rect = id === from || !isSeen(scene, id) ? null : rectOf(scene, id);
    if (!rect) continue;
    const dx = rect.x + rect.width / 2 - middle.x;
    const dy = rect.y + Math.min(rect.height, 48) / 2 - middle.y;
    const ahead = { left: -dx, right: dx, up: -dy, down: dy }[direction];
    const aside = direction === "left" || direction === "right" ? Math.abs(dy) : Math.abs(dx);
    if (ahead < 8) continue;
    const far = ahead + aside * 2;
    if (far < least) {
      least = far;
      best = id;
    }
  }
  return best;
}
