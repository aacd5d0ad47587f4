/** What a definition becomes when a node is added: where it stands, what it is connected with. Pure. */

import { AGENT, type Attachment, CHIP, type Dock, dockBelow, isAttachment } from "../../canvas/docking.ts";
import type {
  ConnectionDocument,
  Definition,
  Json,
  NodeDocument,
  NodeTypeEntry,
} from "../../canvas/types.ts";
import {
  addNodes,
  attach,
  type ConnectionKey,
  connect,
  freeId,
  freeName,
  insertBetween,
  keyOf,
  moveNodes,
  nodeOf,
  type Point,
} from "../document/edits.ts";

/** What somebody wants to add a node for. Everything may be left out. */
export interface Adding {
  /** The node it follows, and by which of its outcomes; the first one that leads nowhere, if left out. */
  from?: string;
  port?: string;
  /** The node it comes before, and where it arrives there. */
  to?: string;
  input?: string;
  /** The connection it is put into. */
  between?: ConnectionKey;
  /** Where its middle stands on the canvas, if somebody pointed there. */
  at?: Point;
  /** The container it goes into; null: none. */
  parent?: string | null;
  /** The agent on which a tool or memory hangs, and before what; all other types follow `from`. */
  agent?: string;
  before?: string | null;
  /** Only what hangs there is wanted. */
  slot?: Attachment;
}

/** How things are drawn now. Positions count from the container's corner, as they do in a definition. */
export interface Drawn {
  positions: Readonly<Record<string, Point>>;
  sizes: Readonly<Record<string, Size>>;
  /** The outcomes of each node. */
  ports: Readonly<Record<string, readonly string[]>>;
  /** The corner of a container on the canvas. */
  corner: (container: string) => Point;
}

interface Size {
  width: number;
  height: number;
  /** Of an agent: what hangs below it. */
  dock?: Dock | null;
}

export interface Planned {
  definition: Definition;
  id: string;
}

const GAP_X = 48;
const GAP_Y = 28;
const SNAP = 4;
const WIDTH = 156;
const HEIGHT = 48;
const FOOT = 5;
const PORT_ROW = 22;
/** Where the first node inside a container stands. */
const INSIDE: Point = { x: 24, y: 68 };

/** The definition with a new node of a type. What it is connected with is connected; nothing lies on anything else. */
export function plan(definition: Definition, entry: NodeTypeEntry, adding: Adding, drawn: Drawn): Planned {
  if (adding.agent !== undefined && isAttachment(entry)) {
    const node = madeOf(definition, entry);
    return {
      definition: attach(addNodes(definition, [node]), adding.agent, node.id, adding.before),
      id: node.id,
    };
  }
  const cut = adding.between
    ? definition.connections.find((one) => keyOf(one) === adding.between)
    : undefined;
  const from = entry.is_trigger ? undefined : (cut?.from ?? adding.from);
  const to = cut?.to ?? adding.to;
  const beside = nodeOf(definition, from ?? to ?? "");
  const parent = beside ? (beside.parent ?? null) : (adding.parent ?? null);
  const inside = parent === null || entry.is_trigger ? {} : { parent };
  const firm = withPositions(definition, parent, drawn);
  const size = sizeOf(entry);
  // What makes room for it is in nobody's way.
  const moving = cut ? reachedFrom(definition, cut.to) : new Set<string>();
  const port =
    cut?.port ?? adding.port ?? (from === undefined ? undefined : openPort(definition, from, drawn));
  const pointed = { ...(adding.at ? { at: adding.at } : {}), from, to, port };
  const position = snapped(placeFor(firm, pointed, parent, size, drawn, moving));
  const node: NodeDocument = { ...madeOf(definition, entry), ...inside, position };
  const out = entry.ports[0];
  if (cut && !entry.is_trigger && out !== undefined) {
    const put = insertBetween(firm, keyOf(cut), node, out);
    return { definition: makeRoom(put, node, cut.to, size, drawn), id: node.id };
  }
  let now = addNodes(firm, [node]);
  if (from !== undefined && port !== undefined && takesInput(entry))
    now = connect(now, { from, port, to: node.id });
  if (to !== undefined && !cut && out !== undefined) {
    const arriving: ConnectionDocument = { from: node.id, port: out, to };
    now = connect(
      now,
      adding.input && adding.input !== "main" ? { ...arriving, input: adding.input } : arriving,
    );
  }
  return { definition: now, id: node.id };
}

const madeOf = (definition: Definition, entry: NodeTypeEntry): NodeDocument => ({
  id: freeId(definition, entry.name),
  name: freeName(definition, entry.name),
  type: entry.type,
  subtype: entry.subtype,
  params: defaultsOf(entry.params_schema),
});

const takesInput = (entry: NodeTypeEntry): boolean => !entry.is_trigger && !isAttachment(entry);

/** Whether a type makes sense where somebody wants to add one. */
export function isFitting(
  entry: NodeTypeEntry,
  adding: Adding,
  types: (id: string) => NodeTypeEntry | undefined,
): boolean {
  if (adding.slot !== undefined) return entry.type === adding.slot;
  if (adding.agent !== undefined && isAttachment(entry)) return true;
  const after = adding.from !== undefined || adding.between !== undefined;
  if (after && !takesInput(entry)) return false;
  if ((adding.between !== undefined || adding.to !== undefined) && entry.ports.length === 0) return false;
  if (adding.to !== undefined && types(adding.to)?.is_trigger) return false;
  return !(adding.parent && entry.is_trigger);
}

/** What a form of this schema begins with: what the server could not fill in itself is left to the person. */
export function defaultsOf(schema: Json | undefined): Record<string, Json> {
  const { properties, required } = record(schema);
  const needed = new Set(Array.isArray(required) ? required : []);
  const found: Record<string, Json> = {};
  for (const [name, member] of Object.entries(record(properties))) {
    const { const: only, enum: several, default: usual } = record(member);
    if (!needed.has(name)) continue;
    if (only !== undefined) found[name] = only;
    else if (usual !== undefined) found[name] = usual;
    else if (Array.isArray(several) && several.length === 1 && several[0] !== undefined)
      found[name] = several[0];
  }
  return found;
}

const record = (value: Json | undefined): Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** The first outcome of a node that leads nowhere, else its first one. */
function openPort(definition: Definition, from: string, drawn: Drawn): string | undefined {
  const ports = drawn.ports[from] ?? ["main"];
  const taken = new Set(
    definition.connections.filter((one) => one.from === from).map(({ port }) => port || "main"),
  );
  return ports.find((port) => !taken.has(port) && port !== "error") ?? ports[0];
}

/**
 * Every node of a level with the position it is drawn at. As soon as one node has none, the canvas lays out the whole
 * level anew, and what somebody put in its place would be lost.
 */
export function withPositions(definition: Definition, parent: string | null, drawn: Drawn): Definition {
  const places: Record<string, Point> = {};
  for (const node of definition.nodes) {
    const place = drawn.positions[node.id];
    if ((node.parent ?? null) === parent && place) places[node.id] = place;
  }
  const moved = moveNodes(definition, places);
  return moved.nodes.every((node, index) => node === definition.nodes[index]) ? definition : moved;
}

interface Box extends Point, Size {}

/** What hangs below two agents stands beside one another, too. */
const gapBetween = (left: Size, right: Size): number =>
  left.dock && right.dock ? left.dock.beyond.right + right.dock.beyond.left + GAP_X : GAP_X;

/** A card, and what hangs below it. */
function partsOf({ x, y, width, height, dock }: Box): Box[] {
  const card = { x, y, width, height };
  if (!dock) return [card];
  const { left, right, bottom } = dock.beyond;
  // Right below the card there are only lines.
  return [card, { x: x - left, y: y + height + GAP_Y, width: width + left + right, height: bottom - GAP_Y }];
}

function placeFor(
  definition: Definition,
  adding: { from?: string | undefined; to?: string | undefined; port?: string | undefined; at?: Point },
  parent: string | null,
  size: Size,
  drawn: Drawn,
  moving: ReadonlySet<string>,
): Point {
  const boxes = boxesOf(definition, parent, drawn);
  const source = adding.from === undefined ? undefined : boxes.get(adding.from);
  const target = adding.to === undefined ? undefined : boxes.get(adding.to);
  const others = [...boxes].flatMap(([id, box]) => (moving.has(id) ? [] : partsOf(box)));
  if (adding.at) {
    const corner = parent === null ? { x: 0, y: 0 } : drawn.corner(parent);
    const wanted = { x: adding.at.x - corner.x - size.width / 2, y: adding.at.y - corner.y - HEIGHT / 2 };
    return freeBelow(wanted, size, others);
  }
  if (source) {
    const rows = drawn.ports[adding.from ?? ""] ?? [];
    if (target && moving.has(adding.to ?? "") && target.x > source.x)
      return freeBelow({ x: source.x + source.width + GAP_X, y: target.y }, size, others);
    const row = rows.length > 1 ? Math.max(0, rows.indexOf(adding.port ?? "")) : 0;
    return freeBelow(
      { x: source.x + source.width + gapBetween(source, size), y: source.y + row * (HEIGHT + GAP_Y) },
      size,
      others,
    );
  }
  if (target) return freeBelow({ x: target.x - GAP_X - size.width, y: target.y }, size, others);
  if (others.length === 0) return parent === null ? { x: 0, y: 0 } : INSIDE;
  const left = Math.min(...others.map(({ x }) => x));
  const bottom = Math.max(...others.map(({ y, height }) => y + height));
  return { x: left, y: bottom + GAP_Y };
}

function boxesOf(definition: Definition, parent: string | null, drawn: Drawn): Map<string, Box> {
  const found = new Map<string, Box>();
  for (const { id, parent: own, position } of definition.nodes)
    if ((own ?? null) === parent && position)
      found.set(id, { width: WIDTH, height: HEIGHT, ...drawn.sizes[id], ...position });
  return found;
}

/** The place, or the nearest one straight below it where nothing lies. */
function freeBelow(wanted: Point, size: Size, others: readonly Box[]): Point {
  const place = { ...wanted };
  for (let moved = true; moved; ) {
    moved = false;
    for (const other of others)
      for (const own of partsOf({ ...place, ...size })) {
        const isOver =
          own.x < other.x + other.width + GAP_X / 2 &&
          other.x < own.x + own.width + GAP_X / 2 &&
          own.y < other.y + other.height + GAP_Y / 2 &&
          other.y < own.y + own.height + GAP_Y / 2;
        if (!isOver) continue;
        place.y += other.y + other.height + GAP_Y - own.y;
        moved = true;
      }
  }
  return place;
}

/** Moves what stands at and behind a node to the right, as far as the new one before it needs. */
function makeRoom(
  definition: Definition,
  node: NodeDocument,
  next: string,
  size: Size,
  drawn: Drawn,
): Definition {
  const parent = node.parent ?? null;
  const boxes = boxesOf(definition, parent, drawn);
  const target = boxes.get(next);
  const at = node.position;
  if (!target || !at) return definition;
  const wanted = at.x + size.width + GAP_X;
  const by = wanted - target.x;
  if (by <= 0) return definition;
  const places: Record<string, Point> = {};
  for (const id of reachedFrom(definition, next)) {
    const box = boxes.get(id);
    if (box && id !== node.id && box.x >= target.x) places[id] = { x: box.x + by, y: box.y };
  }
  return moveNodes(definition, places);
}

function reachedFrom(definition: Definition, start: string): Set<string> {
  const found = new Set([start]);
  for (const id of found) for (const { from, to } of definition.connections) if (from === id) found.add(to);
  return found;
}

const snapped = ({ x, y }: Point): Point => ({
  x: Math.round(x / SNAP) * SNAP,
  y: Math.round(y / SNAP) * SNAP,
});

/** As large as a card of this type is drawn, about. */
function sizeOf(entry: NodeTypeEntry): Size {
  if (entry.is_container) return { width: 280, height: 112 };
  if (isAttachment(entry)) return CHIP;
  const size = {
    width: WIDTH,
    height: entry.ports.length > 1 ? HEIGHT + entry.ports.length * PORT_ROW + FOOT : HEIGHT,
  };
  return entry.type === AGENT ? { ...size, dock: dockBelow(size, []) } : size;
}
