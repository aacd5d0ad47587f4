import { type Family, manner } from "./family.ts";
import type { Point } from "./layout.ts";
import { canvasMeasure, cardHeight, cardWidth, containerWidth, HEADER, type Measure } from "./measure.ts";
import { absolute, layOutNested, type NestedNode } from "./nesting.ts";
import { portsOf } from "./ports.ts";
import { openWait, runAt } from "./scope.ts";
import { viewOf } from "./states.ts";
import { summarize } from "./summarize.ts";
import { type CanvasData, type NodeDocument, type NodeTypeEntry, TERMINAL } from "./types.ts";

/** All that is known of a node before a run: its document, type, ports, words and size. */
export interface CardModel {
  node: NodeDocument;
  entry: NodeTypeEntry | undefined;
  typeName: string;
  ports: string[];
  intent: string;
  width: number;
  height: number;
  /** Of a container: how wide it must be at least. Null for nodes that hold no others. */
  minWidth: number | null;
}

/** Where a container's progress stands, below what is inside. */
export const CONTAINER_FOOT = 52;
const OPEN_WIDTH_OF_RUN = 372;

export function cardModels(
  data: CanvasData,
  types: ReadonlyMap<string, NodeTypeEntry>,
  family: Family,
  now: number,
): Record<string, CardModel> {
  const measure = canvasMeasure();
  const cards: Record<string, CardModel> = {};
  for (const node of data.definition.nodes) {
    const entry = types.get(`${node.type} ${node.subtype}`);
    const isContainer = family.containers.has(node.id);
    const ports = portsOf(node, entry, data.definition.connections, data.node_ports?.[node.id]);
    const intent = intentOf(node, entry, isContainer);
    cards[node.id] = {
      node,
      entry,
      typeName: entry?.name ?? node.subtype,
      ports,
      intent,
      width: cardWidth(node.name, lineOf(node, intent, ports, data, family, now), ports, measure),
      height: cardHeight(ports),
      minWidth: isContainer ? minWidthOf(node, intent, data, measure) : null,
    };
  }
  return cards;
}

function intentOf(node: NodeDocument, entry: NodeTypeEntry | undefined, isContainer: boolean): string {
  if (node.disabled) return "Disabled";
  const line = summarize(node, entry);
  return isContainer ? [line, manner(node.params)].filter(Boolean).join(", ") : line;
}

function minWidthOf(node: NodeDocument, intent: string, data: CanvasData, measure: Measure): number {
  const isRun = data.mode === "execution";
  return Math.max(isRun ? OPEN_WIDTH_OF_RUN : 0, containerWidth(node.name, intent, isRun, measure));
}

/** The longest second line to expect: sizes must not change while a run goes on. */
function lineOf(
  node: NodeDocument,
  intent: string,
  ports: readonly string[],
  data: CanvasData,
  family: Family,
  now: number,
): string {
  if (data.mode !== "execution") return intent;
  const port =
    ports.length > 1 ? ports.reduce((longest, one) => (one.length > longest.length ? one : longest)) : "";
  const { snapshot } = data;
  const run = snapshot && runAt(snapshot, node.id);
  const view =
    snapshot &&
    viewOf(
      run,
      { isOver: TERMINAL.has(snapshot.status), wait: openWait(snapshot, node.id) },
      now,
      ports.length > 1,
    );
  const lines = [
    view ? `${view.lead} ${view.rest}` : "",
    port ? `14 min ${port}` : "1.9 s 2nd try",
    family.parentOf.has(node.id) ? "5 running 100 done" : "",
  ];
  return lines.reduce((a, b) => (a.length > b.length ? a : b));
}

/** Cards in their sizes and with their outcomes in the order that crosses least, and where everything stands. */
export async function place(
  cards: Record<string, CardModel>,
  data: CanvasData,
  family: Family,
  closed: ReadonlySet<string>,
  isFresh = false,
): Promise<{
  cards: Record<string, CardModel>;
  positions: Record<string, Point>;
  places: Record<string, Point>;
}> {
  const foot = data.mode === "execution" ? CONTAINER_FOOT : 0;
  const nodes = Object.values(cards).map((card): NestedNode => {
    const { node, ports, minWidth } = card;
    const container = minWidth === null ? undefined : { minWidth, foot, isClosed: closed.has(node.id) };
    return {
      id: node.id,
      width: minWidth ?? card.width,
      height: minWidth === null ? cardHeight(ports) : Math.max(HEADER + foot, cardHeight(ports)),
      ports,
      position: node.position ?? null,
      ...(container ? { container } : {}),
    };
  });
  const { places, sizes, ports } = await layOutNested(nodes, data.definition.connections, family, isFresh);
  return {
    positions: places,
    places: absolute(places, family),
    cards: Object.fromEntries(
      Object.entries(cards).map(([id, card]) => [
        id,
        { ...card, ...sizes[id], ports: ports[id] ?? card.ports },
      ]),
    ),
  };
}
