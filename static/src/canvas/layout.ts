/**
 * Layered layout, left to right. dagre ranks the nodes and finds a first order without crossings; as it knows no
 * ports, the order and the heights are then settled here, so that a connection leaves and arrives on one line.
 */

import { INPUT_OFFSET, portOffset } from "./measure.ts";

export interface LayoutNode {
  id: string;
  width: number;
  height: number;
  /** Outcomes in their own order; the layout may draw them in another to avoid crossings. */
  ports: string[];
}

export interface LayoutEdge {
  from: string;
  port: string;
  to: string;
}

export interface Layout {
  /** The top left corner of each card. */
  places: Record<string, Point>;
  /** The order of the outcomes of cards that have several. */
  ports: Record<string, string[]>;
  crossings: number;
}

export interface Point {
  x: number;
  y: number;
}

const GAP_X = 44;
const GAP_Y = 52;
/** Between the rows of a layer with many: canvases are wide and low. */
const DENSE_GAP_Y = 28;
const DENSE_FROM = 4;
/** Outcomes are reordered in graphs up to this many cards with several. */
const MOST_FORKS = 24;
const SWEEPS = 12;

/** How much more a connection between cards counts than a lane that is in its way. */
const CARD_PULL = 100;

interface Item {
  id: string;
  height: number;
  y: number;
  /** A place that a long connection keeps free in a layer it crosses. */
  isLane: boolean;
}

interface Link {
  from: Item;
  to: Item;
  fromOffset: number;
  toOffset: number;
  weight: number;
}

/** Places every node. Loads dagre on first use. */
export async function layOut(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Promise<Layout> {
  if (nodes.length === 0) return { places: {}, ports: {}, crossings: 0 };
  const dagre = await import("@dagrejs/dagre");
  const graph = new dagre.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X, ranker: "tight-tree" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  edges.forEach(({ from, to }, index) => {
    graph.setEdge(from, to, {}, String(index));
  });
  dagre.layout(graph);
  return settleBest(nodes, edges, new Map(nodes.map(({ id }) => [id, graph.node(id) as Point])));
}

/** The layout with the fewest crossings among the orders of outcomes that are tried, one card at a time. */
export function settleBest(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  rough: ReadonlyMap<string, Point>,
): Layout {
  let ports = Object.fromEntries(nodes.map((node) => [node.id, node.ports]));
  let best = settle(nodes, edges, rough, ports);
  const forks = nodes.filter((node) => node.ports.length > 1);
  if (forks.length > MOST_FORKS) return best;
  for (const fork of forks) {
    if (best.crossings === 0) break;
    const height = (port: string): number => {
      const ends = edges.filter((edge) => edge.from === fork.id && edge.port === port);
      const heights = ends.map((edge) => best.places[edge.to]?.y ?? 0);
      return heights.length
        ? heights.reduce((sum, y) => sum + y, 0) / heights.length
        : Number.POSITIVE_INFINITY;
    };
    const own = ports[fork.id] ?? fork.ports;
    for (const order of [[...own].sort((a, b) => height(a) - height(b)), [...own].reverse()]) {
      const tried = { ...ports, [fork.id]: order };
      const layout = settle(nodes, edges, rough, tried);
      if (layout.crossings < best.crossings) {
        best = layout;
        ports = tried;
      }
    }
  }
  return best;
}

/** From rough centres to places: layers of equal x, port-aware order, straight connections, no overlap. */
function settle(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  rough: ReadonlyMap<string, Point>,
  ports: Record<string, string[]>,
): Layout {
  const columns = [...new Set([...rough.values()].map(({ x }) => Math.round(x)))].sort((a, b) => a - b);
  const rankOf = new Map(nodes.map(({ id }) => [id, columns.indexOf(Math.round(rough.get(id)?.x ?? 0))]));
  // The order of the document first, dagre's where it has fewer crossings.
  const drafts = [true, false].map((isOwn) => {
    const layers: Item[][] = columns.map(() => []);
    const items = new Map<string, Item>();
    nodes.forEach(({ id, height }, index) => {
      const y = isOwn ? index * 1000 : (rough.get(id)?.y ?? 0) - height / 2;
      const item: Item = { id, height, y, isLane: false };
      items.set(id, item);
      layers[rankOf.get(id) ?? 0]?.push(item);
    });
    const links = edges.flatMap((edge, index) => chain(edge, index, items, rankOf, layers, ports));
    for (const layer of layers) layer.sort((a, b) => a.y - b.y);
    return { layers, items, links, crossings: reorder(layers, links) };
  });
  const [own, dagres] = drafts;
  const draft = own && dagres && dagres.crossings < own.crossings ? dagres : own;
  if (!draft) throw new Error("There is always a first draft.");
  const { layers, items, links } = draft;
  for (const layer of layers) {
    let y = 0;
    for (const item of layer) {
      item.y = y;
      y += item.height + GAP_Y;
    }
  }
  straighten(layers, links);

  const widths = columns.map((_, rank) =>
    Math.max(0, ...nodes.filter(({ id }) => rankOf.get(id) === rank).map(({ width }) => width)),
  );
  const top = Math.min(...[...items.values()].map(({ y }) => y));
  const places: Record<string, Point> = {};
  let x = 0;
  columns.forEach((_, rank) => {
    for (const item of layers[rank] ?? [])
      if (!item.isLane) places[item.id] = { x, y: Math.round(item.y - top) };
    x += (widths[rank] ?? 0) + GAP_X;
  });
  return { places, ports, crossings: draft.crossings };
}

/** One edge as links between neighbouring layers, with lanes in the layers between. */
function chain(
  edge: LayoutEdge,
  index: number,
  items: ReadonlyMap<string, Item>,
  rankOf: ReadonlyMap<string, number>,
  layers: Item[][],
  ports: Record<string, string[]>,
): Link[] {
  const fromOffset = portOffset(ports[edge.from] ?? [], edge.port);
  const from = items.get(edge.from);
  const to = items.get(edge.to);
  const start = rankOf.get(edge.from) ?? 0;
  const end = rankOf.get(edge.to) ?? 0;
  if (!from || !to || end <= start) return [];
  const links: Link[] = [];
  let last = from;
  let offset = fromOffset;
  for (let rank = start + 1; rank < end; rank++) {
    const share = (rank - start) / (end - start);
    const y = from.y + fromOffset + share * (to.y + INPUT_OFFSET - from.y - fromOffset);
    const lane: Item = { id: `lane ${index} ${rank}`, height: 0, y, isLane: true };
    layers[rank]?.push(lane);
    links.push({ from: last, to: lane, fromOffset: offset, toOffset: 0, weight: last.isLane ? 8 : 1 });
    last = lane;
    offset = 0;
  }
  links.push({
    from: last,
    to,
    fromOffset: offset,
    toOffset: INPUT_OFFSET,
    weight: last.isLane ? 1 : CARD_PULL,
  });
  return links;
}

/** Sorts layers by where their links come from (then go to), keeping the order with the fewest crossings. */
function reorder(layers: Item[][], links: readonly Link[]): number {
  const { incoming, outgoing } = neighbours(links);
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers, links);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isForward = sweep % 2 === 0;
    const place = new Map<Item, number>();
    const ordered = isForward ? layers : [...layers].reverse();
    for (const layer of ordered) {
      const key = new Map(
        layer.map((item) => {
          const ends = ((isForward ? incoming : outgoing).get(item) ?? []).map((link) =>
            isForward
              ? (place.get(link.from) ?? 0) + link.fromOffset / 10_000
              : (place.get(link.to) ?? 0) + link.toOffset / 10_000,
          );
          return [item, ends.length ? ends.reduce((sum, end) => sum + end, 0) / ends.length : null] as const;
        }),
      );
      // An item without links on this side stays where it is.
      const before = new Map(layer.map((item, index) => [item, index]));
      layer.sort((a, b) => (key.get(a) ?? before.get(a) ?? 0) - (key.get(b) ?? before.get(b) ?? 0));
      layer.forEach((item, index) => {
        place.set(item, index);
      });
    }
    const now = crossings(layers, links);
    if (now < fewest) {
      fewest = now;
      best = layers.map((layer) => [...layer]);
    }
  }
  layers.forEach((_, rank) => {
    layers[rank] = best[rank] ?? [];
  });
  return fewest;
}

function neighbours(links: readonly Link[]): { incoming: Map<Item, Link[]>; outgoing: Map<Item, Link[]> } {
  const incoming = new Map<Item, Link[]>();
  const outgoing = new Map<Item, Link[]>();
  for (const link of links) {
    put(incoming, link.to, link);
    put(outgoing, link.from, link);
  }
  return { incoming, outgoing };
}

function put<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function crossings(layers: readonly Item[][], links: readonly Link[]): number {
  const place = new Map<Item, number>();
  const layerOf = new Map<Item, number>();
  layers.forEach((layer, rank) => {
    layer.forEach((item, index) => {
      place.set(item, index);
      layerOf.set(item, rank);
    });
  });
  const byLayer = new Map<number, { a: number; b: number }[]>();
  for (const link of links) {
    const rank = layerOf.get(link.from) ?? 0;
    const ends = {
      a: (place.get(link.from) ?? 0) + link.fromOffset / 10_000,
      b: (place.get(link.to) ?? 0) + link.toOffset / 10_000,
    };
    put(byLayer, rank, ends);
  }
  let count = 0;
  for (const ends of byLayer.values())
    for (let i = 0; i < ends.length; i++)
      for (let j = i + 1; j < ends.length; j++) {
        const one = ends[i];
        const two = ends[j];
        if (one && two && (one.a - two.a) * (one.b - two.b) < 0) count++;
      }
  return count;
}

/** Moves items towards their links' height, layer by layer to and fro; order and distances stay kept. */
function straighten(layers: readonly Item[][], links: readonly Link[]): void {
  const { incoming, outgoing } = neighbours(links);
  for (const layer of layers)
    spread(
      layer,
      layer.map((item) => ({ wish: item.y, weight: 1 })),
    );
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 1;
    const isLast = sweep >= SWEEPS - 2;
    for (const layer of isForward ? layers : [...layers].reverse()) {
      const wishes = layer.map((item) => {
        const back = incoming.get(item) ?? [];
        const ahead = outgoing.get(item) ?? [];
        const near = isForward
          ? back.length
            ? back
            : isLast
              ? []
              : ahead
          : ahead.length
            ? ahead
            : isLast
              ? []
              : back;
        if (near.length === 0) return { wish: item.y, weight: 0.5 };
        const heights = near
          .map((link) =>
            link.to === item
              ? { at: link.from.y + link.fromOffset - link.toOffset, weight: link.weight }
              : { at: link.to.y + link.toOffset - link.fromOffset, weight: link.weight },
          )
          .sort((a, b) => a.at - b.at);
        const middle = heights[Math.floor((heights.length - 1) / 2)];
        const other = heights[Math.ceil((heights.length - 1) / 2)];
        const wish = ((middle?.at ?? item.y) + (other?.at ?? item.y)) / 2;
        return { wish, weight: heights.reduce((sum, { weight }) => sum + weight, 0) };
      });
      spread(layer, wishes);
    }
  }
}

/** The places nearest to the wishes that keep order and distance (pool adjacent violators). */
function spread(layer: readonly Item[], wishes: readonly { wish: number; weight: number }[]): void {
  const shifts: number[] = [];
  const gap = layer.length >= DENSE_FROM ? DENSE_GAP_Y : GAP_Y;
  let shift = 0;
  layer.forEach((item, index) => {
    shifts.push(shift);
    const next = layer[index + 1];
    shift += item.height + (item.isLane || next?.isLane ? Math.min(gap, GAP_Y / 2) : gap);
  });
  const pools: { sum: number; weight: number; count: number }[] = [];
  wishes.forEach(({ wish, weight }, index) => {
    pools.push({ sum: (wish - (shifts[index] ?? 0)) * weight, weight, count: 1 });
    for (;;) {
      const last = pools.at(-1);
      const before = pools.at(-2);
      if (!last || !before || before.sum / before.weight <= last.sum / last.weight) break;
      pools.splice(-2, 2, {
        sum: before.sum + last.sum,
        weight: before.weight + last.weight,
        count: before.count + last.count,
      });
    }
  });
  let index = 0;
  for (const pool of pools)
    for (let member = 0; member < pool.count; member++, index++) {
      const item = layer[index];
      if (item) item.y = pool.sum / pool.weight + (shifts[index] ?? 0);
    }
}

/** Whether stored positions say nothing: none, some missing, or all on one spot. */
export function needsLayout(positions: readonly (Point | null | undefined)[]): boolean {
  const first = positions[0];
  if (positions.length === 0 || !first) return positions.length > 0;
  if (positions.some((position) => !position)) return true;
  return (
    positions.length > 1 && positions.every((position) => position?.x === first.x && position?.y === first.y)
  );
}
