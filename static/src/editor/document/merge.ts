/**
 * Three definitions into one: what both sides made of their common ground. Nodes and annotations are the same by id,
 * connections by their ends; members of objects are merged one by one, lists and plain values as wholes.
 */

import type { Definition, Json } from "../../canvas/types.ts";
import { keyOf } from "./edits.ts";

/** A place where both sides changed the same thing, each in another way. `theirs` is undefined where they removed it. */
export interface Conflict {
  /** The node it is about; null: the workflow's settings or a connection. */
  nodeId: string | null;
  /** Members from the definition down: ["nodes", "total", "params", "url"]. */
  path: string[];
  mine: Json | undefined;
  theirs: Json | undefined;
}

export interface Merged {
  /** In conflicts, mine. */
  definition: Definition;
  conflicts: Conflict[];
}

type Keyed = Record<string, Json | undefined>;

export function merge(base: Definition, mine: Definition, theirs: Definition): Merged {
  if (theirs === base || mine === theirs) return { definition: mine, conflicts: [] };
  if (mine === base) return { definition: theirs, conflicts: [] };
  const conflicts: Conflict[] = [];
  const [b, m, t] = [keyed(base), keyed(mine), keyed(theirs)];
  const merged = mergeValue(b, m, t, [], conflicts) as unknown as KeyedDefinition;
  return { definition: unkeyed(merged, mine, theirs), conflicts };
}

interface KeyedDefinition {
  nodes: Keyed;
  connections: Keyed;
  annotations: Keyed;
  settings: Keyed;
}

function keyed(definition: Definition): Json {
  const by = <T>(rows: readonly T[], key: (row: T) => string): Json =>
    Object.fromEntries(rows.map((row) => [key(row), row as Json]));
  return {
    nodes: by(definition.nodes, ({ id }) => id),
    connections: by(definition.connections, keyOf),
    annotations: by(definition.annotations ?? [], ({ id }) => id),
    settings: definition.settings ?? {},
  };
}

/** In my order, with what only they have behind it. Connections whose node is gone go with it. */
function unkeyed(merged: KeyedDefinition, mine: Definition, theirs: Definition): Definition {
  const rows = <T>(found: Keyed, orders: readonly string[][]): T[] =>
    [...new Set(orders.flat())].flatMap((key) => (found[key] === undefined ? [] : [found[key] as T]));
  const ids = (definition: Definition): string[] => definition.nodes.map(({ id }) => id);
  const nodes = rows<Definition["nodes"][number]>(merged.nodes, [ids(mine), ids(theirs)]);
  const known = new Set(nodes.map(({ id }) => id));
  const connections = rows<Definition["connections"][number]>(merged.connections, [
    mine.connections.map(keyOf),
    theirs.connections.map(keyOf),
  ]).filter(({ from, to }) => known.has(from) && known.has(to));
  const annotations = rows<NonNullable<Definition["annotations"]>[number]>(merged.annotations, [
    (mine.annotations ?? []).map(({ id }) => id),
    (theirs.annotations ?? []).map(({ id }) => id),
  ]);
  return {
    nodes,
    connections,
    settings: merged.settings as Record<string, Json>,
    ...(mine.annotations || theirs.annotations ? { annotations } : {}),
  };
}

const isRecord = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function mergeValue(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
  path: string[],
  conflicts: Conflict[],
): Json | undefined {
  if (isSame(mine, theirs) || isSame(base, theirs)) return mine;
  if (isSame(base, mine)) return theirs;
  if (isRecord(mine) && isRecord(theirs)) {
    const before = isRecord(base) ? base : {};
    const found: Record<string, Json> = {};
    for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
      const value = mergeValue(before[key], mine[key], theirs[key], [...path, key], conflicts);
      if (value !== undefined) found[key] = value;
    }
    return found;
  }
  // Where something stands on the canvas is nothing to ask about.
  if (!path.includes("position"))
    conflicts.push({ nodeId: path[0] === "nodes" ? (path[1] ?? null) : null, path, mine, theirs });
  // Something that one side removed and the other went on with is kept.
  return mine === undefined && path.length === 2 ? theirs : mine;
}

/** Whether two values are the same JSON; members may stand in any order. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((value, index) => isSame(value, b[index]))
    );
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && isSame(a[key], b[key]));
}
