/** Layout of nested nodes: every level for itself, the innermost first, as a container is as large as what it holds. */

import { type Beyond, NOTHING_BEYOND } from "./docking.ts";
import type { Family } from "./family.ts";
import { inOrder, type LayoutEdge, type LayoutNode, layOut, needsLayout, type Point } from "./layout.ts";
import { HEADER } from "./measure.ts";

/** Between a container's rim and what is inside; at the right there is room for the `+` of open outcomes. */
const PADDING = { top: 20, right: 52, bottom: 24, left: 24 };
/** Room at the right for the names of several outcomes. */
const PORT_NAMES = 44;
const EMPTY_HEIGHT = 64;
/** So far from their corner nodes may stand in their container before they are moved to it. */
const SLACK = 160;
/** Cards that lie on one another by more than this share of the smaller one were not placed by anybody. */
const MOST_OVERLAP = 0.25;

export interface NestedNode extends LayoutNode {
  /** Of a container: its width at least, what stands below its children; `width` and `height` when it is closed. */
  container?: { minWidth: number; foot: number; isClosed: boolean };
  position: Point | null;
  /** How far what hangs on it reaches beyond it. */
  beyond?: Beyond;
}

export interface Nested {
  /** From the container's top left corner for nodes inside one. */
  places: Record<string, Point>;
  sizes: Record<string, { width: number; height: number }>;
  ports: Record<string, string[]>;
}

/**
 * Places every node and sizes every container. Stored positions are kept level by level where they can be: not where
 * some are missing, all are on one spot, or nodes lie on one another. `isFresh` keeps none.
 */
export async function layOutNested(
  nodes: readonly NestedNode[],
  edges: readonly LayoutEdge[],
  family: Family,
  isFresh: boolean,
): Promise<Nested> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found: Nested = { places: {}, sizes: {}, ports: {} };
  await settleLevel("", byId, edges, family, isFresh, found);
  found.ports = inOrder(found.ports, edges, found.places);
  return found;
}

/**
 * The same where every node has a position and all are kept, whatever lies on what: only containers are sized. Null
 * where a position is missing.
 */
export function standNested(
  nodes: readonly NestedNode[],
  edges: readonly LayoutEdge[],
  family: Family,
): Nested | null {
  if (nodes.some(({ position }) => !position)) return null;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found: Nested = { places: {}, sizes: {}, ports: {} };
  const stand = (parent: string): void => {
    const members: NestedNode[] = [];
    for (const id of family.childrenOf.get(parent) ?? []) {
      const node = byId.get(id);
      if (!node) continue;
      found.sizes[id] = { width: node.width, height: node.height };
      if (node.container && !node.container.isClosed) {
        stand(id);
        found.sizes[id] = sizeAround(node, family.childrenOf.get(id) ?? [], found, byId);
      }
      found.ports[id] = node.ports;
      if (node.position) found.places[id] = node.position;
      members.push(node);
    }
    if (parent !== "") moveInto(members, found);
  };
  stand("");
  found.ports = inOrder(found.ports, edges, found.places);
  return found;
}

async function settleLevel(
  parent: string,
  byId: ReadonlyMap<string, NestedNode>,
  edges: readonly LayoutEdge[],
  family: Family,
  isFresh: boolean,
  found: Nested,
): Promise<void> {
  const members: NestedNode[] = [];
  for (const id of family.childrenOf.get(parent) ?? []) {
    const node = byId.get(id);
    if (!node) continue;
    let { width, height } = node;
    if (node.container && !node.container.isClosed) {
      await settleLevel(id, byId, edges, family, isFresh, found);
      ({ width, height } = sizeAround(node, family.childrenOf.get(id) ?? [], found, byId));
    }
    found.sizes[id] = { width, height };
    found.ports[id] = node.ports;
    members.push({ ...node, width, height });
  }
  const isKept =
    !isFresh && !needsLayout(members.map(({ position }) => position)) && !areOverlapping(members);
  if (isKept) for (const { id, position } of members) found.places[id] = position ?? { x: 0, y: 0 };
  else {
    const ids = new Set(members.map(({ id }) => id));
    const inside = edges.filter(({ from, to }) => ids.has(from) && ids.has(to));
    const { places, ports } = await layOut(members.map(withBeyond), inside);
    for (const { id, beyond = NOTHING_BEYOND } of members) {
      const place = places[id];
      if (place) found.places[id] = { x: place.x + beyond.left, y: place.y };
    }
    Object.assign(found.ports, ports);
  }
  if (parent !== "") moveInto(members, found);
}

/** As large as it is with all that hangs on it. */
export function withBeyond<T extends LayoutNode & { beyond?: Beyond }>(node: T): T {
  const { left, right, bottom } = node.beyond ?? NOTHING_BEYOND;
  return { ...node, width: node.width + left + right, height: node.height + bottom };
}

/**
 * How far the nodes of a container must be moved to stand below its head, whatever corner their positions were counted
 * from. Nodes that stand there, or not far from there, stay.
 */
export function intoContainer(places: readonly Point[]): Point {
  if (places.length === 0) return { x: 0, y: 0 };
  const left = Math.min(...places.map(({ x }) => x)) - PADDING.left;
  const top = Math.min(...places.map(({ y }) => y)) - HEADER - PADDING.top;
  return { x: left >= 0 && left <= SLACK ? 0 : -left, y: top >= 0 && top <= SLACK ? 0 : -top };
}

/** Where the first node of a container stands. */
export const FIRST_INSIDE: Point = { x: PADDING.left, y: HEADER + PADDING.top };

function moveInto(members: readonly NestedNode[], found: Nested): void {
  const { x, y } = intoContainer(
    members.map(({ id, beyond = NOTHING_BEYOND }) => {
      const place = found.places[id] ?? { x: 0, y: 0 };
      return { x: place.x - beyond.left, y: place.y };
    }),
  );
  if (x === 0 && y === 0) return;
  for (const { id } of members) {
    const place = found.places[id];
    if (place) found.places[id] = { x: place.x + x, y: place.y + y };
  }
}

function sizeAround(
  node: NestedNode,
  children: readonly string[],
  found: Nested,
  byId: ReadonlyMap<string, NestedNode>,
): { width: number; height: number } {
  const { minWidth = 0, foot = 0 } = node.container ?? {};
  let right = 0;
  let bottom = HEADER + EMPTY_HEIGHT - PADDING.bottom;
  for (const id of children) {
    const place = found.places[id];
    const size = found.sizes[id];
    if (!place || !size) continue;
    const beyond = byId.get(id)?.beyond ?? NOTHING_BEYOND;
    right = Math.max(right, place.x + size.width + beyond.right);
    bottom = Math.max(bottom, place.y + size.height + beyond.bottom);
  }
  const beside = PADDING.right + (node.ports.length > 1 ? PORT_NAMES : 0);
  return {
    width: Math.max(minWidth, Math.ceil(right + beside)),
    height: Math.ceil(bottom + (foot > 0 ? PADDING.bottom / 2 : PADDING.bottom) + foot),
  };
}

/** Whether two nodes with positions cover each other in good part. */
export function areOverlapping(nodes: readonly NestedNode[]): boolean {
  const sorted = nodes
    .flatMap(({ position, width, height }) => (position ? [{ ...position, width, height }] : []))
    .sort((a, b) => a.x - b.x);
  for (const [index, a] of sorted.entries())
    for (let next = index + 1; next < sorted.length; next++) {
      const b = sorted[next];
      if (!b || b.x >= a.x + a.width) break;
      const wide = Math.min(a.x + a.width, b.x + b.width) - b.x;
      const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      const smaller = Math.min(a.width * a.height, b.width * b.height);
      if (high > 0 && wide * high > smaller * MOST_OVERLAP) return true;
    }
  return false;
}

/** The places of all nodes from the canvas's own corner. */
export function absolute(places: Readonly<Record<string, Point>>, family: Family): Record<string, Point> {
  const found: Record<string, Point> = {};
  const place = (id: string): Point => {
    const known = found[id];
    if (known) return known;
    const own = places[id] ?? { x: 0, y: 0 };
    const parent = family.agentOf.get(id) ?? family.parentOf.get(id);
    const outer = parent === undefined ? { x: 0, y: 0 } : place(parent);
    found[id] = { x: own.x + outer.x, y: own.y + outer.y };
    return found[id];
  };
  for (const id of Object.keys(places)) place(id);
  return found;
}
