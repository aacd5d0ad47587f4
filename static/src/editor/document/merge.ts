/**
 * Three definitions into one: what both sides made of their common ground. Nodes and annotations are the same by id,
 * connections by their ends; members of objects are merged one by one, rows of lists where both kept them, plain values
 * as wholes. Nothing that one side made is lost without the other being asked, and no connection or parent leads nowhere.
 */

import type { Annotation, ConnectionDocument, Definition, Json, NodeDocument } from "../../canvas/types.ts";
import { type Apart, keptApart, UNTOUCHED } from "./apart.ts";
import { keyOf } from "./edits.ts";
import { isSame } from "./same.ts";

export { isSame } from "./same.ts";

/** A place where both sides changed the same thing, each in another way. `theirs` is undefined where they removed it. */
export interface Conflict {
  /** The node it is about; null: the workflow's settings or a connection. */
  nodeId: string | null;
  /** Members from the definition down: ["nodes", "total", "params", "url"]. */
  path: string[];
  mine: Json | undefined;
  theirs: Json | undefined;
}

/** `ids`: what I added under an id that they gave to something else, by the id it had and the one it has. */
export interface Merged extends Apart {
  /** In conflicts, mine. */
  definition: Definition;
  conflicts: Conflict[];
}

type Rows = Record<string, Json>;
type Keyed = Record<(typeof PARTS)[number], Rows>;

const PARTS = ["nodes", "connections", "annotations", "settings"] as const;

export function merge(base: Definition, mine: Definition, theirs: Definition): Merged {
  if (theirs === base || mine === theirs) return { definition: mine, conflicts: [], ...UNTOUCHED };
  if (mine === base) return { definition: theirs, conflicts: [], ...UNTOUCHED };
  const { mine: own, ...apart } = keptApart(base, mine, theirs);
  const conflicts: Conflict[] = [];
  const [b, m, t] = [keyed(base), keyed(own), keyed(theirs)];
  const merged = Object.fromEntries(
    PARTS.map((part) => [part, mergeValue(b[part], m[part], t[part], [part], conflicts) as Rows]),
  ) as Keyed;
  bringBack(merged, m, t, conflicts);
  const definition = tidied(unkeyed(merged, m, t, own, theirs), own);
  return { definition, conflicts, ...apart };
}

/** Everything by what makes it itself. A definition may have the same twice, as drafts may have errors. */
function keyed(definition: Definition): Keyed {
  const by = <T>(rows: readonly T[], key: (row: T) => string): Rows => {
    const found = new Map<string, Json>();
    for (const row of rows) {
      let name = key(row);
      while (found.has(name)) name += "\n";
      found.set(name, row as Json);
    }
    return Object.fromEntries(found);
  };
  return {
    nodes: by(definition.nodes, ({ id }) => id),
    connections: by(definition.connections, keyOf),
    annotations: by(definition.annotations ?? [], ({ id }) => id),
    settings: definition.settings ?? {},
  };
}

/** In my order, with what only they have behind it. */
function unkeyed(merged: Keyed, m: Keyed, t: Keyed, mine: Definition, theirs: Definition): Definition {
  const rows = <T>(part: (typeof PARTS)[number]): T[] =>
    [...new Set([...Object.keys(m[part]), ...Object.keys(t[part])])].flatMap((key) => {
      const row = get(merged[part], key);
      return row === undefined ? [] : [row as T];
    });
  return {
    nodes: rows<NodeDocument>("nodes"),
    connections: rows<ConnectionDocument>("connections"),
    ...(mine.settings || theirs.settings ? { settings: merged.settings } : {}),
    ...(mine.annotations || theirs.annotations ? { annotations: rows<Annotation>("annotations") } : {}),
  };
}

/**
 * What one side removed while the other went on with it comes back, to be asked about: it was changed there, or led to,
 * or something was put into it. With it comes what hung on it.
 */
function bringBack(merged: Keyed, m: Keyed, t: Keyed, conflicts: Conflict[]): void {
  const kept = new Set(
    conflicts.filter(({ path }) => path[0] === "nodes" && path.length === 2).map(({ path }) => path[1] ?? ""),
  );
  const wake = (id: string): void => {
    const [mine, theirs] = [get(m.nodes, id), get(t.nodes, id)];
    if (get(merged.nodes, id) !== undefined || (mine ?? theirs) === undefined) return;
    merged.nodes = { ...merged.nodes, [id]: (mine ?? theirs) as Json };
    conflicts.push({ nodeId: id, path: ["nodes", id], mine, theirs });
    kept.add(id);
  };
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    for (const row of Object.values(merged.connections)) {
      const { from, to } = row as unknown as ConnectionDocument;
      wake(from);
      wake(to);
    }
    for (const row of Object.values(merged.nodes)) {
      const { parent } = row as unknown as NodeDocument;
      if (parent) wake(parent);
    }
  }
  for (const side of [m, t])
    for (const [key, row] of Object.entries(side.connections)) {
      const { from, to } = row as unknown as ConnectionDocument;
      const isBack = (kept.has(from) && get(side.nodes, from)) || (kept.has(to) && get(side.nodes, to));
      const isWhole = get(merged.nodes, from) !== undefined && get(merged.nodes, to) !== undefined;
      // Only what went with the node: a connection that its own side kept, and the other lost together with the node.
      const other = side === m ? t : m;
      const isLost = get(other.nodes, from) === undefined || get(other.nodes, to) === undefined;
      if (isBack && isWhole && isLost && get(merged.connections, key) === undefined)
        merged.connections = { ...merged.connections, [key]: row };
    }
}

/** Without connections, ties and parents that lead nowhere, and without containers inside themselves. */
function tidied(definition: Definition, mine: Definition): Definition {
  const byId = new Map(definition.nodes.map((node) => [node.id, node]));
  const parents = new Map(mine.nodes.map(({ id, parent }) => [id, parent ?? null]));
  const parentOf = new Map(definition.nodes.map(({ id, parent }) => [id, parent ?? null]));
  for (const { id } of definition.nodes)
    for (let at = parentOf.get(id), seen = new Set([id]); at; at = parentOf.get(at)) {
      if (!seen.has(at)) seen.add(at);
      else {
        // Each side moved one into the other. Mine stays: it leads somewhere.
        for (const inside of seen) parentOf.set(inside, parents.get(inside) ?? null);
        break;
      }
    }
  const nodes = definition.nodes.map((node) => {
    const { parent: before, ...rest } = node;
    const parent = parentOf.get(node.id) ?? null;
    const isHome = parent === (before ?? null) && (parent === null || byId.has(parent));
    const home = isHome ? node : parent !== null && byId.has(parent) ? { ...rest, parent } : rest;
    if (!home.attached?.some((id) => !byId.has(id))) return home;
    return { ...home, attached: home.attached.filter((id) => byId.has(id)) };
  });
  const connections = definition.connections.filter(({ from, to }) => byId.has(from) && byId.has(to));
  return { ...definition, nodes, connections };
}

const isRecord = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A member of its own: names may be anything, also what every object has. */
const get = (record: Readonly<Rows>, key: string): Json | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

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
    const found: [string, Json][] = [];
    for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
      const value = mergeValue(get(before, key), get(mine, key), get(theirs, key), [...path, key], conflicts);
      if (value !== undefined) found.push([key, value]);
    }
    return Object.fromEntries(found);
  }
  if (path[0] === "nodes" && path.length === 3 && path[2] === "attached") return together(base, mine, theirs);
  const rows = aligned(base, mine, theirs);
  if (rows)
    return rows.map(
      ([before, own, other], index) =>
        mergeValue(before, own, other, [...path, `${index}`], conflicts) ?? own,
    );
  // Where something stands on the canvas is nothing to ask about.
  if (!path.includes("position"))
    conflicts.push({ nodeId: path[0] === "nodes" ? (path[1] ?? null) : null, path, mine, theirs });
  // Something that one side removed and the other went on with is kept.
  return mine === undefined && path.length === 2 ? theirs : mine;
}

/** What tells the rows of a list apart, where they have one of these. */
const KEYS = ["id", "name", "key"] as const;

/** The rows of three lists side by side, where these have the same in the same order; else they are merged as wholes. */
function aligned(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
): [Json, Json, Json][] | null {
  if (!Array.isArray(base) || !Array.isArray(mine) || !Array.isArray(theirs)) return null;
  if (base.length !== mine.length || base.length !== theirs.length) return null;
  const rows: [Json, Json, Json][] = [];
  for (const [index, before] of base.entries()) {
    const [own, other] = [mine[index], theirs[index]];
    if (!isRecord(before) || !isRecord(own) || !isRecord(other)) return null;
    const key = KEYS.find((name) => typeof get(before, name) === "string");
    if (key === undefined || before[key] !== get(own, key) || before[key] !== get(other, key)) return null;
    rows.push([before, own, other]);
  }
  return rows;
}

/** Ties to other nodes: what either side added, without what either side removed. */
function together(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined): Json {
  const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
  const [before, own, other] = [new Set(list(base)), new Set(list(mine)), new Set(list(theirs))];
  return [...new Set([...own, ...other])].filter((id) => !before.has(id) || (own.has(id) && other.has(id)));
}
