/**
 * Layered layout, left to right, by the Eclipse Layout Kernel: it knows at which height a connection leaves and
 * arrives, so that most of them are one straight line. It is loaded when something is laid out for the first time and
 * works beside the page.
 */

import type { ElkNode } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
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
  /** Room is left for its words. */
  condition?: string | null;
}

export interface Layout {
  /** The top left corner of each card. */
  places: Record<string, Point>;
  /** The order of the outcomes of each card. */
  ports: Record<string, string[]>;
}

export interface Point {
  x: number;
  y: number;
}

/** What lays out: a graph with sizes becomes one with places. */
export interface Engine {
  layout: (graph: ElkNode) => Promise<ElkNode>;
}

const GRID = 4;
/** Up to so many nodes the order of outcomes is sought as well, which takes as long again. */
const MOST_TWICE = 150;

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.layered.spacing.nodeNodeBetweenLayers": "48",
  "elk.layered.spacing.edgeNodeBetweenLayers": "20",
  "elk.spacing.nodeNode": "32",
  "elk.spacing.edgeNode": "20",
  "elk.spacing.edgeEdge": "10",
  "elk.spacing.componentComponent": "56",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.favorStraightEdges": "true",
  // The order of the document, where nothing crosses more often for it.
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.considerModelOrder.crossingCounterNodeInfluence": "0.01",
  "elk.layered.considerModelOrder.crossingCounterPortInfluence": "0.001",
  "elk.layered.considerModelOrder.components": "MODEL_ORDER",
};

let engine: Promise<Engine> | undefined;

/** Lays out with another engine from now on: where there are no workers. */
export function layOutWith(given: Engine): void {
  engine = Promise.resolve(given);
}

async function start(): Promise<Engine> {
  const { default: Elk } = await import("elkjs/lib/elk-api.js");
  return new Elk({ workerUrl });
}

/** Places every node. */
export async function layOut(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Promise<Layout> {
  if (nodes.length === 0) return { places: {}, ports: {} };
  engine ??= start();
  const elk = await engine;
  const own = Object.fromEntries(nodes.map(({ id, ports }) => [id, ports]));
  const isForked = nodes.length <= MOST_TWICE && nodes.some(({ ports }) => ports.length > 1);
  // First in whatever order of outcomes crosses least, then with the ports where they are drawn in that order.
  const ports = isForked
    ? inOrder(own, edges, placesOf(await elk.layout(graphOf(nodes, edges, own, "FIXED_SIDE"))))
    : own;
  return { places: placesOf(await elk.layout(graphOf(nodes, edges, ports, "FIXED_POS"))), ports };
}

/** Outcomes in the order in which they are reached, from top to bottom; those that lead nowhere keep their row. */
export function inOrder(
  ports: Readonly<Record<string, string[]>>,
  edges: readonly LayoutEdge[],
  places: Readonly<Record<string, Point>>,
): Record<string, string[]> {
  const ends = new Map<string, number[]>();
  for (const { from, port, to } of edges) {
    const y = places[to]?.y;
    if (y === undefined) continue;
    const known = ends.get(`${from} ${port}`);
    if (known) known.push(y);
    else ends.set(`${from} ${port}`, [y]);
  }
  return Object.fromEntries(
    Object.entries(ports).map(([id, order]) => {
      if (order.length < 2) return [id, order];
      const height = (port: string): number => {
        const all = ends.get(`${id} ${port}`) ?? [];
        return all.reduce((sum, y) => sum + y, 0) / all.length;
      };
      const led = order.filter((port) => ends.has(`${id} ${port}`));
      if (led.length < 2) return [id, order];
      led.sort((a, b) => height(a) - height(b));
      return [id, order.map((port) => (ends.has(`${id} ${port}`) ? (led.shift() ?? port) : port))];
    }),
  );
}

function graphOf(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  ports: Readonly<Record<string, string[]>>,
  constraint: "FIXED_SIDE" | "FIXED_POS",
): ElkNode {
  const port = (id: string, x: number, y: number, side: "EAST" | "WEST") => ({
    id,
    x,
    y,
    width: 0,
    height: 0,
    layoutOptions: { "elk.port.side": side },
  });
  return {
    id: "level",
    layoutOptions: OPTIONS,
    children: nodes.map(({ id, width, height }) => {
      const order = ports[id] ?? [];
      return {
        id,
        width,
        height,
        layoutOptions: { "elk.portConstraints": order.length > 1 ? constraint : "FIXED_POS" },
        ports: [
          port(`${id} in`, 0, INPUT_OFFSET, "WEST"),
          ...order.map((name) => port(`${id} out ${name}`, width, portOffset(order, name), "EAST")),
        ],
      };
    }),
    edges: edges.map(({ from, port: name, to, condition }, index) => ({
      id: String(index),
      sources: [`${from} out ${name}`],
      targets: [`${to} in`],
      ...(condition ? { labels: [{ text: condition, width: labelWidth(condition), height: 18 }] } : {}),
    })),
  };
}

/** About as wide as a condition is drawn. */
const labelWidth = (condition: string): number => Math.min(160, 40 + condition.length * 6);

/** On the grid, from the corner of the canvas on. */
function placesOf({ children = [] }: ElkNode): Record<string, Point> {
  const left = Math.min(...children.map(({ x = 0 }) => x));
  const top = Math.min(...children.map(({ y = 0 }) => y));
  return Object.fromEntries(
    children.map(({ id, x = 0, y = 0 }) => [
      id,
      { x: Math.round((x - left) / GRID) * GRID, y: Math.round(y - top) },
    ]),
  );
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
