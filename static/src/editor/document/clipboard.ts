/**
 * Parts of a workflow as text: copied, pasted there or elsewhere, kept in files. What is pasted has ids and names of its
 * own, and what refers to one another within it goes on doing so. Pure.
 */

import type { Annotation, ConnectionDocument, Definition, Json, NodeDocument } from "../../canvas/types.ts";
import { attach, freeId, type Point, withInside } from "./edits.ts";
import { freeNames, renamedIn } from "./naming.ts";

/** Nodes, notes and the connections among them. The places of those on the outside count from the canvas's corner. */
export interface Clip {
  format: typeof FORMAT;
  nodes: NodeDocument[];
  connections: ConnectionDocument[];
  annotations: Annotation[];
}

/** What a text is: parts of ours, or a workflow in a form that only the server reads. */
export type Read = { kind: "clip"; clip: Clip } | { kind: "foreign"; document: Json };

export interface Pasted {
  definition: Definition;
  nodes: string[];
  annotations: string[];
}

/** Where it goes: `middle` of it to a place on the canvas, or moved `by` so much from where it was; then down to where it is free. */
export interface Where {
  middle?: Point;
  by?: Point;
  /** The container it goes into, and that one's corner on the canvas. */
  parent?: { id: string; corner: Point } | null | undefined;
  /** The agent on which each of these tools and memories hangs. */
  agents?: ReadonlyMap<string, string>;
  /** How large the nodes of this workflow are drawn. */
  sizes?: Readonly<Record<string, { width: number; height: number }>>;
}

export const FORMAT = "agentflow/nodes@1";
const CARD = { width: 156, height: 48 };
const NOTE = { width: 240, height: 96 };
const GAP = 24;
const DEEPEST = 64;

/** The chosen nodes with all inside them, the connections among them, and the chosen notes. */
export function clipOf(
  definition: Definition,
  chosen: { nodes: Iterable<string>; annotations?: Iterable<string> },
  places: Readonly<Record<string, Point>>,
): Clip {
  const ids = withInside(definition, chosen.nodes);
  const notes = new Set(chosen.annotations ?? []);
  const hanging = new Set(
    definition.nodes.flatMap(({ id, attached }) => (ids.has(id) ? (attached ?? []) : [])),
  );
  return {
    format: FORMAT,
    nodes: definition.nodes
      .filter(({ id }) => ids.has(id))
      .map((node) => {
        const attached = node.attached ? { attached: node.attached.filter((id) => ids.has(id)) } : {};
        if (node.parent && ids.has(node.parent)) return { ...node, ...attached };
        const { parent: _outside, position: _place, ...alone } = node;
        if (hanging.has(node.id)) return { ...alone, ...attached };
        const position = places[node.id] ?? node.position ?? null;
        return { ...alone, ...attached, position };
      }),
    connections: definition.connections.filter(({ from, to }) => ids.has(from) && ids.has(to)),
    annotations: (definition.annotations ?? []).filter(({ id }) => notes.has(id)),
  };
}

export const isEmpty = (clip: Clip): boolean => clip.nodes.length === 0 && clip.annotations.length === 0;

export const textOf = (clip: Clip): string => JSON.stringify(clip, null, 2);

/** What a text holds: copied parts, a definition, a workflow's file, a workflow of another product. Null: none. */
export function read(text: string): Read | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) return null;
  let value: Json;
  try {
    value = JSON.parse(trimmed) as Json;
  } catch {
    return null;
  }
  const document = recordOf(value);
  if (!document || isTooDeep(value)) return null;
  const found =
    document.format === FORMAT
      ? document
      : (recordOf(document.definition) ?? recordOf(document.workflow) ?? document);
  if (!Array.isArray(found.nodes)) return null;
  if (!isOurs(found)) return { kind: "foreign", document };
  return {
    kind: "clip",
    clip: {
      format: FORMAT,
      nodes: soundNodes(found.nodes as Record<string, Json>[]),
      connections: rows<ConnectionDocument>(found.connections, (row) => texts(row, "from", "to")),
      annotations: rows<Annotation>(found.annotations, (row) => texts(row, "id") && isPlace(row.position)),
    },
  };
}

/** The definition with the parts in it, and what they are called now. */
export function pasted(definition: Definition, clip: Clip, where: Where): Pasted {
  const names = freeNames(
    definition,
    clip.nodes.map(({ name }) => name),
  );
  const ids = new Map<string, string>();
  let known = definition;
  for (const [index, node] of clip.nodes.entries()) {
    const id = freeId(known, names[index] ?? node.name);
    ids.set(node.id, id);
    known = { ...known, nodes: [...known.nodes, { ...node, id }] };
  }
  const renamed = new Map(
    clip.nodes.flatMap(({ name }, index): [string, string][] =>
      names[index] === undefined || names[index] === name ? [] : [[name, names[index]]],
    ),
  );
  const by = shiftOf(definition, clip, where);
  const hanging = new Set(clip.nodes.flatMap(({ attached }) => attached ?? []));
  const corner = where.parent?.corner ?? { x: 0, y: 0 };
  const nodes = clip.nodes.map((node, index): NodeDocument => {
    const { parent, attached, ...rest } = node;
    const inside = parent ? ids.get(parent) : undefined;
    const at = node.position ?? { x: 0, y: 0 };
    const container = where.parent ? { parent: where.parent.id } : {};
    return {
      ...rest,
      id: ids.get(node.id) ?? node.id,
      name: names[index] ?? node.name,
      ...(node.params ? { params: renamedIn(node.params, renamed) } : {}),
      ...(attached ? { attached: attached.flatMap((id) => ids.get(id) ?? []) } : {}),
      ...(hanging.has(node.id)
        ? { position: null }
        : inside === undefined
          ? { ...container, position: { x: at.x + by.x - corner.x, y: at.y + by.y - corner.y } }
          : { parent: inside }),
    };
  });
  const connections = clip.connections.flatMap((connection): ConnectionDocument[] => {
    const [from, to] = [ids.get(connection.from), ids.get(connection.to)];
    if (from === undefined || to === undefined) return [];
    const { condition, mapping } = connection;
    return [
      {
        ...connection,
        from,
        to,
        ...(condition ? { condition: renamedIn(condition, renamed) } : {}),
        ...(mapping === undefined ? {} : { mapping: renamedIn(mapping, renamed) }),
      },
    ];
  });
  const annotations: Annotation[] = [];
  for (const note of clip.annotations) {
    const id = freeId(known, note.kind ?? "note");
    known = { ...known, nodes: [...known.nodes, { id, name: "", type: "", subtype: "" }] };
    annotations.push({ ...note, id, position: { x: note.position.x + by.x, y: note.position.y + by.y } });
  }
  const whole = {
    ...definition,
    nodes: [...definition.nodes, ...nodes],
    connections: [...definition.connections, ...connections],
    ...(annotations.length > 0 ? { annotations: [...(definition.annotations ?? []), ...annotations] } : {}),
  };
  return {
    definition: [...(where.agents ?? [])].reduce(
      (last, [id, agent]) => attach(last, agent, ids.get(id) ?? id),
      whole,
    ),
    nodes: nodes
      .filter(({ parent, position }) => position !== null && (!parent || parent === where.parent?.id))
      .map(({ id }) => id),
    annotations: annotations.map(({ id }) => id),
  };
}

/**
 * How far everything moves. Cards are never put onto others: the canvas would take them for placed by nobody, and lay
 * out the whole level anew.
 */
function shiftOf(definition: Definition, clip: Clip, { middle, by, parent, sizes }: Where): Point {
  const isHere = (id: string): boolean => definition.nodes.some((node) => node.id === id);
  const hanging = new Set(clip.nodes.flatMap(({ attached }) => attached ?? []));
  const cards = clip.nodes
    .filter(({ id, parent: inside }) => !inside && !hanging.has(id))
    .map(({ id, position }) => ({
      ...(position ?? { x: 0, y: 0 }),
      ...CARD,
      ...(isHere(id) ? sizes?.[id] : {}),
    }));
  const notes = clip.annotations.map(({ position, width, height }) => ({
    ...position,
    width: width ?? NOTE.width,
    height: height ?? NOTE.height,
  }));
  const boxes = [...cards, ...notes];
  if (boxes.length === 0) return { x: 0, y: 0 };
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const right = Math.max(...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  const round = (value: number): number => Math.round(value / 4) * 4;
  const shift = middle
    ? { x: round(middle.x - (left + right) / 2), y: round(middle.y - (top + bottom) / 2) }
    : { ...(by ?? { x: 0, y: 0 }) };
  const corner = parent?.corner ?? { x: 0, y: 0 };
  const others = definition.nodes
    .filter((node) => (node.parent ?? null) === (parent?.id ?? null) && node.position)
    .map(({ id, position }) => ({
      x: (position?.x ?? 0) + corner.x,
      y: (position?.y ?? 0) + corner.y,
      ...CARD,
      ...sizes?.[id],
    }));
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const card of cards)
      for (const other of others) {
        const [x, y] = [card.x + shift.x, card.y + shift.y];
        const isOver =
          x < other.x + other.width &&
          other.x < x + card.width &&
          y < other.y + other.height &&
          other.y < y + card.height;
        if (!isOver) continue;
        shift.y = round(other.y + other.height + GAP - card.y);
        isMoved = true;
      }
  }
  return shift;
}

/**
 * Nodes of which the canvas can rely on what it reads: each once, members of the kinds they have, nothing inside itself.
 * All else the server says something of.
 */
function soundNodes(rows: readonly Record<string, Json>[]): NodeDocument[] {
  const byId = new Map(rows.map((row) => [row.id as string, row]));
  return [...byId].map(([id, row]) => {
    const { position, parent, attached, params, ...rest } = row;
    const ties = Array.isArray(attached) ? attached.filter((one) => typeof one === "string") : null;
    return {
      ...rest,
      ...(recordOf(params) ? { params } : {}),
      ...(isPlace(position) ? { position } : {}),
      ...(ties ? { attached: ties } : {}),
      ...(typeof parent === "string" && !isInItself(id, byId) ? { parent } : {}),
    } as unknown as NodeDocument;
  });
}

function isInItself(id: string, byId: ReadonlyMap<string, Record<string, Json>>): boolean {
  const seen = new Set<Json | undefined>();
  for (let at: Json | undefined = id; typeof at === "string"; at = byId.get(at)?.parent) {
    if (seen.has(at)) return true;
    seen.add(at);
  }
  return false;
}

/** Deeper than the server takes, and than what follows can go into. */
function isTooDeep(value: Json): boolean {
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

function isPlace(value: Json | undefined): boolean {
  const found = recordOf(value);
  return Number.isFinite(found?.x) && Number.isFinite(found?.y);
}

/** Ours names a subtype for every node and lists its connections; other products do neither. */
function isOurs(document: Record<string, Json>): boolean {
  return (
    (document.nodes as Json[]).every((node) => texts(node, "id", "name", "type", "subtype")) &&
    (document.connections === undefined || Array.isArray(document.connections))
  );
}

function texts(value: Json, ...names: string[]): boolean {
  const found = recordOf(value);
  return found !== null && names.every((name) => typeof found[name] === "string");
}

function rows<T>(value: Json | undefined, isOne: (row: Record<string, Json>) => boolean): T[] {
  if (!Array.isArray(value)) return [];
  return value.filter((row) => {
    const found = recordOf(row);
    return found !== null && isOne(found);
  }) as unknown as T[];
}

const recordOf = (value: Json | undefined): Record<string, Json> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
