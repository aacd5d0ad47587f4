/** Gives nodes that nobody placed a place: behind what leads to them, where it is free. Pure. */

import { INPUT_OFFSET, portOffset } from "../../canvas/measure.ts";
import { FIRST_INSIDE } from "../../canvas/nesting.ts";
import type { Definition, NodeDocument } from "../../canvas/types.ts";
import { moveNodes, type Point } from "../document/edits.ts";
import type { Size } from "./scene.ts";

const GAP_X = 44;
const GAP_Y = 28;
const GRID = 4;

/** What is drawn of a node. */
export interface Extent extends Size {
  ports: readonly string[];
}

/**
 * The definition with a position for every node. Those that have one keep it, but for what comes after a node that was
 * put between two: that makes room. A definition that lacks none is given back as it is.
 */
export function settle(definition: Definition, extents: Readonly<Record<string, Extent>>): Definition {
  // What hangs on an agent has no place of its own.
  const hanging = new Set(definition.nodes.flatMap(({ attached }) => attached ?? []));
  const open = definition.nodes.filter(({ id, position }) => !position && !hanging.has(id));
  if (open.length === 0) return definition;
  const places: Record<string, Point> = {};
  for (const { id, position } of definition.nodes) if (position) places[id] = position;
  for (let left = open; left.length > 0; ) {
    // Those first whose neighbours are placed already.
    const ready = left.filter((node) => neighbours(definition, node.id).some((id) => places[id])).slice(0, 1);
    const [node] = ready.length > 0 ? ready : left;
    if (!node) break;
    put(definition, node, extents, places);
    left = left.filter((one) => one !== node);
  }
  return moveNodes(definition, places);
}

const neighbours = ({ connections }: Definition, id: string): string[] =>
  connections.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : []));

function put(
  definition: Definition,
  node: NodeDocument,
  extents: Readonly<Record<string, Extent>>,
  places: Record<string, Point>,
): void {
  const own = extents[node.id] ?? { width: 140, height: 48, ports: [] };
  const level = definition.nodes.filter(
    (one) => (one.parent ?? null) === (node.parent ?? null) && places[one.id] && one.id !== node.id,
  );
  const before = definition.connections.find(({ from, to }) => to === node.id && places[from]);
  const after = definition.connections.find(({ from, to }) => from === node.id && places[to]);
  const source = before && places[before.from];
  const target = after && places[after.to];
  if (before && source) {
    const { width = 140, ports = [] } = extents[before.from] ?? {};
    const wish = {
      x: grid(source.x + width + GAP_X),
      y: source.y + portOffset(ports, before.port || "main") - INPUT_OFFSET,
    };
    if (target && after) {
      const by = wish.x + own.width + GAP_X - target.x;
      if (by > 0) makeRoom(definition, after.to, grid(by + GRID - 1), target.x, places);
    }
    places[node.id] = free(wish, own, level, extents, places);
  } else if (target)
    places[node.id] = free(
      { x: grid(target.x - own.width - GAP_X), y: target.y },
      own,
      level,
      extents,
      places,
    );
  else if (level.length === 0) places[node.id] = node.parent ? FIRST_INSIDE : { x: 0, y: 0 };
  else {
    const left = Math.min(...level.map(({ id }) => places[id]?.x ?? 0));
    const bottom = Math.max(...level.map(({ id }) => (places[id]?.y ?? 0) + (extents[id]?.height ?? 48)));
    places[node.id] = { x: left, y: grid(bottom + GAP_Y * 2) };
  }
}

const grid = (value: number): number => Math.round(value / GRID) * GRID;

/** Moves a node and everything after it to the right, as far as it stands right of `from`. */
function makeRoom(
  definition: Definition,
  id: string,
  by: number,
  from: number,
  places: Record<string, Point>,
): void {
  const seen = new Set([id]);
  for (const at of seen) {
    const place = places[at];
    if (!place || place.x < from) continue;
    places[at] = { x: place.x + by, y: place.y };
    for (const connection of definition.connections) if (connection.from === at) seen.add(connection.to);
  }
}

/** The nearest place below the wish where nothing stands. */
function free(
  wish: Point,
  own: Size,
  level: readonly NodeDocument[],
  extents: Readonly<Record<string, Extent>>,
  places: Readonly<Record<string, Point>>,
): Point {
  let { y } = wish;
  for (let tries = 0; tries < 200; tries++) {
    const on = level.find(({ id }) => {
      const place = places[id];
      const { width = 140, height = 48 } = extents[id] ?? {};
      return (
        place &&
        place.x < wish.x + own.width + 8 &&
        place.x + width + 8 > wish.x &&
        place.y < y + own.height + 8 &&
        place.y + height + 8 > y
      );
    });
    if (!on) break;
    y = (places[on.id]?.y ?? y) + (extents[on.id]?.height ?? 48) + GAP_Y;
  }
  return { x: wish.x, y: Math.round(y) };
}
