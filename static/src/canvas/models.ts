import { AGENT, CHIP, type Dock, dockBelow, hangingOn, isAttachment } from "./docking.ts";
import { type Family, manner } from "./family.ts";
import type { Point } from "./layout.ts";
import { canvasMeasure, cardHeight, cardWidth, containerWidth, HEADER } from "./measure.ts";
import { absolute, layOutNested, type NestedNode, standNested } from "./nesting.ts";
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
  /** Of an agent: what hangs below it. Null for all others. */
  dock: Dock | null;
}

/** Where a container's progress stands, below what is inside: it is as large at rest as in a run. */
export const CONTAINER_FOOT = 52;

export function cardModels(
  data: CanvasData,
  types: ReadonlyMap<string, NodeTypeEntry>,
  family: Family,
  now: number,
): Record<string, CardModel> {
  const measure = canvasMeasure();
  const cards: Record<string, CardModel> = {};
  const byId = new Map(data.definition.nodes.map((node) => [node.id, node]));
  for (const node of data.definition.nodes) {
    const entry = types.get(`${node.type} ${node.subtype}`);
    const isContainer = family.containers.has(node.id);
    const isChip = isAttachment(node);
    const ports = isChip
      ? NO_PORTS
      : portsOf(node, entry, data.definition.connections, data.node_ports?.[node.id]);
    const known = made.get(node);
    const hanging = node.type === AGENT ? hangingOn(node, family, (id) => byId.get(id)) : null;
    const hangs = hanging?.map(({ id, kind, isElsewhere }) => `${id} ${kind} ${isElsewhere}`).join() ?? "";
    // In a run a card's width also depends on what happened; elsewhere a document that is the same is drawn the same.
    const isKept = known && known.entry === entry && areSame(known.ports, ports) && hung.get(known) === hangs;
    if (isKept && (known.minWidth !== null) === isContainer && data.mode === "workflow") {
      cards[node.id] = known;
      continue;
    }
    const intent = intentOf(node, entry, isContainer);
    const size = isChip
      ? CHIP
      : {
          width: cardWidth(node.name, lineOf(node, intent, ports, data, family, now), ports, measure),
          height: cardHeight(ports),
        };
    const card: CardModel = {
      node,
      entry,
      typeName: entry?.name ?? node.subtype,
      ports,
      intent,
      ...size,
      minWidth: isContainer ? containerWidth(node.name, intent, measure) : null,
      dock: hanging && dockBelow(size, hanging),
    };
    cards[node.id] = card;
    made.set(node, card);
    hung.set(card, hangs);
  }
  return cards;
}

const NO_PORTS: string[] = [];
const made = new WeakMap<NodeDocument, CardModel>();
/** What hung on a card when it was made. */
const hung = new WeakMap<CardModel, string>();

const areSame = (a: readonly string[] | undefined, b: readonly string[]): boolean =>
  a?.length === b.length && a.every((one, index) => one === b[index]);

function intentOf(node: NodeDocument, entry: NodeTypeEntry | undefined, isContainer: boolean): string {
  if (node.disabled) return "Disabled";
  const line = summarize(node, entry);
  return isContainer ? [line, manner(node.params)].filter(Boolean).join(", ") : line;
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

export interface Drawn {
  cards: Record<string, CardModel>;
  positions: Record<string, Point>;
  places: Record<string, Point>;
}

/** Cards in their sizes and with their outcomes in the order that crosses least, and where everything stands. */
export async function place(
  cards: Record<string, CardModel>,
  data: CanvasData,
  family: Family,
  closed: ReadonlySet<string>,
  isFresh = false,
): Promise<Drawn> {
  const nodes = nestedNodes(cards, family, closed);
  return drawn(cards, family, await layOutNested(nodes, data.definition.connections, family, isFresh));
}

/**
 * The same at once where every node has a position: nothing is moved, and what is as it was in `before` stays the
 * same object. Null where a position is missing.
 */
export function stand(
  cards: Record<string, CardModel>,
  data: CanvasData,
  family: Family,
  closed: ReadonlySet<string>,
  before: Drawn,
): Drawn | null {
  const nested = standNested(nestedNodes(cards, family, closed), data.definition.connections, family);
  if (!nested) return null;
  const now = drawn(cards, family, nested);
  return {
    cards: asBefore(before.cards, now.cards, isSameCard),
    positions: asBefore(before.positions, now.positions, isSamePoint),
    places: asBefore(before.places, now.places, isSamePoint),
  };
}

/** What stands by itself; what hangs on an agent goes with it. */
function nestedNodes(
  cards: Record<string, CardModel>,
  family: Family,
  closed: ReadonlySet<string>,
): NestedNode[] {
  return Object.values(cards).flatMap((card): NestedNode[] => {
    const { node, ports, minWidth, width, height, dock } = card;
    if (family.agentOf.has(node.id)) return [];
    const container =
      minWidth === null ? undefined : { minWidth, foot: CONTAINER_FOOT, isClosed: closed.has(node.id) };
    return [
      {
        id: node.id,
        width: minWidth ?? width,
        height: minWidth === null ? height : Math.max(HEADER + CONTAINER_FOOT, cardHeight(ports)),
        ports,
        position: node.position ?? null,
        ...(container ? { container } : {}),
        ...(dock ? { beyond: dock.beyond } : {}),
      },
    ];
  });
}

function drawn(
  cards: Record<string, CardModel>,
  family: Family,
  { places, sizes, ports }: Awaited<ReturnType<typeof layOutNested>>,
): Drawn {
  const hanging = Object.values(cards).flatMap(({ dock }) => (dock ? Object.entries(dock.places) : []));
  const positions = { ...places, ...Object.fromEntries(hanging) };
  return {
    positions,
    places: absolute(positions, family),
    cards: Object.fromEntries(
      Object.entries(cards).map(([id, card]) => [
        id,
        { ...card, ...sizes[id], ports: ports[id] ?? card.ports },
      ]),
    ),
  };
}

const isSamePoint = (a: Point, b: Point): boolean => a.x === b.x && a.y === b.y;

const isSameCard = (a: CardModel, b: CardModel): boolean =>
  a.node === b.node &&
  a.entry === b.entry &&
  a.intent === b.intent &&
  a.width === b.width &&
  a.height === b.height &&
  a.minWidth === b.minWidth &&
  (a.dock === b.dock || hung.get(a) === hung.get(b)) &&
  areSame(a.ports, b.ports);

/** `now`, with the values of `before` where they are the same. */
function asBefore<T>(
  before: Record<string, T>,
  now: Record<string, T>,
  isSame: (a: T, b: T) => boolean,
): Record<string, T> {
  let isChanged = Object.keys(before).length !== Object.keys(now).length;
  for (const [id, value] of Object.entries(now)) {
    const old = before[id];
    if (old !== undefined && isSame(old, value)) now[id] = old;
    else isChanged = true;
  }
  return isChanged ? now : before;
}
