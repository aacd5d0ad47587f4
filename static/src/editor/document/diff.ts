/** What one definition has that another has not. Pure; the same things are found by the same ids. */

import type { Annotation, ConnectionDocument, Definition, Json, NodeDocument } from "../../canvas/types.ts";
import { keyOf } from "./edits.ts";
import { isSame as isAlike } from "./merge.ts";

export type Kind = "added" | "removed" | "changed" | "moved";

/** One value that is another now. `path`: members from the node or the settings down: ["params", "url"]. */
export interface FieldChange {
  path: readonly string[];
  before: Json | undefined;
  after: Json | undefined;
}

export interface NodeChange {
  id: string;
  /** Its name now, or its last one. */
  name: string;
  kind: Kind;
  before: NodeDocument | undefined;
  after: NodeDocument | undefined;
  /** Of a changed one. Its place is none of them. */
  fields: readonly FieldChange[];
}

export interface ConnectionChange {
  connection: ConnectionDocument;
  kind: "added" | "removed" | "changed";
  fields: readonly FieldChange[];
}

export interface Difference {
  nodes: readonly NodeChange[];
  connections: readonly ConnectionChange[];
  settings: readonly FieldChange[];
  /** Notes and frames that came, went or say something else. */
  annotations: number;
}

/** Everything that has to happen to `before` for it to be `after`. */
export function difference(before: Definition, after: Definition): Difference {
  return {
    nodes: nodesBetween(before, after),
    connections: connectionsBetween(before, after),
    settings: fieldsBetween(before.settings ?? {}, after.settings ?? {}),
    annotations: annotationsBetween(before.annotations ?? [], after.annotations ?? []),
  };
}

/** How many things differ in what happens when it runs, or in what its notes say. Places count for nothing. */
export function count({ nodes, connections, settings, annotations }: Difference): number {
  const changed = nodes.filter(({ kind }) => kind !== "moved");
  // A node that came or went brings its connections along.
  const moved = new Set(changed.filter(({ kind }) => kind !== "changed").map(({ id }) => id));
  const ways = connections.filter(({ connection: { from, to } }) => !moved.has(from) && !moved.has(to));
  return changed.length + ways.length + settings.length + annotations;
}

export const isSame = (found: Difference): boolean =>
  found.nodes.length + found.connections.length + found.settings.length + found.annotations === 0;

/** `after` with what was removed since still in it, and how each part differs, for a drawing of both. */
export function overlaid(
  before: Definition,
  after: Definition,
): { definition: Definition; changes: Record<string, Kind> } {
  const { nodes, connections } = difference(before, after);
  const gone: NodeDocument[] = [];
  for (const { kind, before: node } of nodes)
    if (kind === "removed" && node) gone.push(besideOthers(node, [...after.nodes, ...gone]));
  const ids = new Set([...after.nodes, ...gone].map(({ id }) => id));
  const ways = connections.filter(
    ({ kind, connection: { from, to } }) => kind === "removed" && ids.has(from) && ids.has(to),
  );
  return {
    definition: {
      ...after,
      nodes: [...after.nodes, ...gone],
      connections: [...after.connections, ...ways.map(({ connection }) => connection)],
    },
    changes: Object.fromEntries([
      ...nodes.map(({ id, kind }) => [id, kind]),
      ...connections.map(({ connection, kind }) => [keyOf(connection), kind]),
    ]),
  };
}

/** About as much room as a card takes, with some air. */
const ROOM = { x: 170, y: 60 };

/** The node where it does not hide another one of its level. */
function besideOthers(node: NodeDocument, others: readonly NodeDocument[]): NodeDocument {
  if (!node.position) return node;
  const { x } = node.position;
  let { y } = node.position;
  const places = others.filter(({ parent }) => (parent ?? null) === (node.parent ?? null));
  const isTaken = (): boolean =>
    places.some(
      ({ position }) =>
        position &&
        Math.abs(position.x - x) < ROOM.x &&
        position.y - y < ROOM.y &&
        y - position.y < 2 * ROOM.y,
    );
  while (isTaken()) y += ROOM.y;
  return y === node.position.y ? node : { ...node, position: { x, y } };
}

function nodesBetween(before: Definition, after: Definition): NodeChange[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const found: NodeChange[] = [];
  for (const node of after.nodes) {
    const was = old.get(node.id);
    old.delete(node.id);
    if (was === node) continue;
    const base = { id: node.id, name: node.name, before: was, after: node };
    if (!was) found.push({ ...base, kind: "added", fields: [] });
    else {
      const fields = fieldsBetween(withoutPlace(was), withoutPlace(node));
      if (fields.length > 0) found.push({ ...base, kind: "changed", fields });
      else if (!isAlike(placeOf(was), placeOf(node))) found.push({ ...base, kind: "moved", fields: [] });
    }
  }
  for (const was of old.values())
    found.push({ id: was.id, name: was.name, kind: "removed", before: was, after: undefined, fields: [] });
  return found;
}

const placeOf = (node: NodeDocument): Json => (node.position as Json | undefined) ?? null;

function withoutPlace({ position: _, ...rest }: NodeDocument): Record<string, Json> {
  return rest as unknown as Record<string, Json>;
}

function connectionsBetween(before: Definition, after: Definition): ConnectionChange[] {
  const old = new Map(before.connections.map((connection) => [keyOf(connection), connection]));
  const found: ConnectionChange[] = [];
  for (const connection of after.connections) {
    const was = old.get(keyOf(connection));
    old.delete(keyOf(connection));
    if (!was) found.push({ connection, kind: "added", fields: [] });
    else if (was !== connection) {
      const fields = fieldsBetween(said(was), said(connection));
      if (fields.length > 0) found.push({ connection, kind: "changed", fields });
    }
  }
  for (const connection of old.values()) found.push({ connection, kind: "removed", fields: [] });
  return found;
}

/** What a connection says beyond its ends. */
const said = ({ condition, mapping }: ConnectionDocument): Record<string, Json> => ({
  condition: condition ?? null,
  mapping: mapping ?? null,
});

function annotationsBetween(before: readonly Annotation[], after: readonly Annotation[]): number {
  const words = ({ id, kind, text, color }: Annotation): [string, string] => [
    id,
    `${kind ?? "note"} ${color ?? ""} ${text ?? ""}`,
  ];
  const [old, now] = [new Map(before.map(words)), new Map(after.map(words))];
  const gone = [...old.keys()].filter((id) => !now.has(id)).length;
  return gone + [...now].filter(([id, text]) => old.get(id) !== text).length;
}

/** Each value that differs, as deep as both sides are objects; lists differ as wholes unless they are of one length. */
export function fieldsBetween(
  before: Record<string, Json>,
  after: Record<string, Json>,
  path: readonly string[] = [],
): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => between(before[name], after[name], [...path, name]));
}

function between(before: Json | undefined, after: Json | undefined, path: readonly string[]): FieldChange[] {
  if (isAlike(before, after)) return [];
  if (isObject(before) && isObject(after)) return fieldsBetween(before, after, path);
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((value, at) => between(value, after[at], [...path, String(at)]));
  // Of a node's own members, null and nothing say the same; only what is pinned may be null.
  const isNothing = path.length === 1 && path[0] !== "pinned_output" && (before ?? after ?? null) === null;
  return isNothing ? [] : [{ path, before, after }];
}

const isObject = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
