/** Nodes into containers, out of them and about inside them. Pure. */

import { ancestorsOf, type Family } from "../../canvas/family.ts";
import { HEADER } from "../../canvas/measure.ts";
import { intoContainer } from "../../canvas/nesting.ts";
import type { ConnectionDocument, Definition } from "../../canvas/types.ts";
import { nodeOf, type Point, withInside } from "../document/edits.ts";
import { holds, isSeen, rectOf, type Scene } from "./scene.ts";

/** As deep as containers may stand in one another. */
const MAX_DEPTH = 5;
/** So far beyond its rim a node still belongs to the container it is in, which grows. */
const STICKY = 72;

/**
 * The container that a point is in, null outside of all. `moving` are no candidates, nor what is inside them; the one
 * they are in reaches a little further than it is drawn.
 */
export function containerAt(scene: Scene, point: Point, moving: ReadonlySet<string>): string | null {
  const [first] = moving;
  const home = first === undefined ? undefined : scene.family.parentOf.get(first);
  let best: string | null = null;
  let depth = -1;
  for (const id of scene.family.containers) {
    if (moving.has(id) || scene.closed.has(id) || !isSeen(scene, id)) continue;
    const above = ancestorsOf(scene.family, id);
    if (above.some((ancestor) => moving.has(ancestor))) continue;
    const rect = rectOf(scene, id);
    if (!rect || !holds(rect, point, id === home ? STICKY : 0) || above.length <= depth) continue;
    best = id;
    depth = above.length;
  }
  return best;
}

/** Why these nodes may not stand in that container, in words; null where they may. */
export function refusalInside(
  definition: Definition,
  family: Family,
  ids: Iterable<string>,
  into: string,
  isTrigger: (id: string) => boolean,
): string | null {
  const name = nodeOf(definition, into)?.name ?? into;
  const depth = ancestorsOf(family, into).length + 1;
  for (const id of ids) {
    if (isTrigger(id))
      return `“${nodeOf(definition, id)?.name}” starts runs, so it cannot stand in “${name}”.`;
    if (depth + depthBelow(family, id) > MAX_DEPTH)
      return `Containers stand in one another ${MAX_DEPTH} deep at most. Use a sub-workflow.`;
  }
  return null;
}

function depthBelow(family: Family, id: string): number {
  if (!family.containers.has(id)) return 0;
  return 1 + Math.max(0, ...(family.childrenOf.get(id) ?? []).map((child) => depthBelow(family, child)));
}

export interface Moved {
  definition: Definition;
  /** The connections that went because they would have crossed a container's border. */
  cut: ConnectionDocument[];
}

/**
 * Puts nodes to places on the canvas; with `into` also into a container (null: out of all). Containers follow what is
 * inside them so that everything else stays where it is seen.
 */
export function moveTo(
  definition: Definition,
  scene: Scene,
  wanted: Readonly<Record<string, Point>>,
  into?: string | null,
): Moved {
  const isNew = (id: string): boolean =>
    into !== undefined && id in wanted && (scene.family.parentOf.get(id) ?? null) !== into;
  const parentOf = (id: string): string | null =>
    isNew(id) ? (into ?? null) : (scene.family.parentOf.get(id) ?? null);
  const places: Record<string, Point> = { ...scene.places };
  for (const [id, place] of Object.entries(wanted)) {
    const before = scene.places[id] ?? place;
    // What is inside goes along.
    for (const inner of withInside(definition, [id])) {
      const own = scene.places[inner];
      if (own && !(inner in wanted && inner !== id))
        places[inner] = { x: own.x + place.x - before.x, y: own.y + place.y - before.y };
    }
    places[id] = place;
  }
  hug(definition, scene, places, wanted, parentOf);
  const nodes = definition.nodes.map((node) => {
    const parent = parentOf(node.id);
    const place = places[node.id];
    // What hangs on an agent stands where that one does.
    if (!place || scene.family.agentOf.has(node.id)) return node;
    const corner = parent === null ? ORIGIN : (places[parent] ?? ORIGIN);
    const position = { x: place.x - corner.x, y: place.y - corner.y };
    if (isNew(node.id)) {
      const { parent: _before, ...rest } = node;
      return parent === null ? { ...rest, position } : { ...rest, parent, position };
    }
    return node.position?.x === position.x && node.position.y === position.y ? node : { ...node, position };
  });
  if (into === undefined) return { definition: { ...definition, nodes }, cut: [] };
  const crosses = ({ from, to }: ConnectionDocument): boolean =>
    (isNew(from) || isNew(to)) && parentOf(from) !== parentOf(to);
  const cut = definition.connections.filter(crosses);
  const connections = cut.length
    ? definition.connections.filter((one) => !crosses(one))
    : definition.connections;
  return { definition: { ...definition, nodes, connections }, cut };
}

const ORIGIN: Point = { x: 0, y: 0 };

/** Moves the corners of containers, the innermost first, so that what was moved inside them is below their heads. */
function hug(
  definition: Definition,
  scene: Scene,
  places: Record<string, Point>,
  wanted: Readonly<Record<string, Point>>,
  parentOf: (id: string) => string | null,
): void {
  const inside = new Map<string, string[]>();
  for (const { id } of definition.nodes) {
    const parent = scene.family.agentOf.has(id) ? null : parentOf(id);
    if (parent === null) continue;
    const siblings = inside.get(parent);
    if (siblings) siblings.push(id);
    else inside.set(parent, [id]);
  }
  const touched = new Set<string>();
  for (const id of Object.keys(wanted))
    for (let at = parentOf(id); at !== null; at = parentOf(at)) touched.add(at);
  const depth = (id: string): number => ancestorsOf(scene.family, id).length;
  for (const container of [...touched].sort((a, b) => depth(b) - depth(a))) {
    const corner = places[container];
    const children = (inside.get(container) ?? []).flatMap((id) => {
      const place = places[id];
      return place ? [{ x: place.x - (scene.sizes[id]?.dock?.beyond.left ?? 0), y: place.y }] : [];
    });
    if (!corner || children.length === 0) continue;
    const shift = intoContainer(children.map(({ x, y }) => ({ x: x - corner.x, y: y - corner.y })));
    places[container] = { x: corner.x - shift.x, y: corner.y - shift.y };
  }
}

/** Where a node may stand in a container into which it is put by command: right of what is there. */
export function placeInside(scene: Scene, into: string): Point {
  const corner = scene.places[into] ?? ORIGIN;
  const children = (scene.family.childrenOf.get(into) ?? []).flatMap((id) => rectOf(scene, id) ?? []);
  if (children.length === 0) return { x: corner.x + 24, y: corner.y + HEADER + 20 };
  const last = children.reduce((a, b) => (b.x + b.width > a.x + a.width ? b : a));
  return { x: last.x + last.width + 44, y: last.y };
}
