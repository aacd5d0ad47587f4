/** Conflicts of a merge: what each side says, and the definition as it is with one of them. */

import type { Annotation, ConnectionDocument, Definition, Json, NodeDocument } from "../../canvas/types.ts";
import { keyOf, nodeOf, removeAnnotations, removeNodes } from "./edits.ts";
import { type Conflict, isSame } from "./merge.ts";

/** What a definition has at a place, undefined where it has nothing. */
export function valueAt(definition: Definition, [part, id, ...rest]: readonly string[]): Json | undefined {
  if (part === undefined) return undefined;
  let value: Json | undefined;
  if (part === "nodes") value = nodeOf(definition, id ?? "") as Json | undefined;
  else if (part === "connections")
    value = definition.connections.find((one) => keyOf(one) === id) as Json | undefined;
  else if (part === "annotations")
    value = definition.annotations?.find((one) => one.id === id) as Json | undefined;
  else value = definition.settings?.[id ?? ""];
  for (const member of rest) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Array.isArray(value) ? value[Number(member)] : value[member];
  }
  return value;
}

/** The definition with a value at a place; undefined takes away what is there, with all that hangs on it. */
export function withValue(
  definition: Definition,
  path: readonly string[],
  value: Json | undefined,
): Definition {
  const [part, id, ...rest] = path;
  if (part === undefined || id === undefined) return definition;
  const now = rest.length === 0 ? value : setIn(valueAt(definition, [part, id]), rest, value);
  if (part === "nodes") {
    if (now === undefined) return removeNodes(definition, [id]);
    const node = now as unknown as NodeDocument;
    return { ...definition, nodes: put(definition.nodes, node, (one) => one.id === id) };
  }
  if (part === "connections") {
    const others = definition.connections.filter((one) => keyOf(one) !== id);
    if (now === undefined) return { ...definition, connections: others };
    const connection = now as unknown as ConnectionDocument;
    if (!nodeOf(definition, connection.from) || !nodeOf(definition, connection.to)) return definition;
    return {
      ...definition,
      connections: put(definition.connections, connection, (one) => keyOf(one) === id),
    };
  }
  if (part === "annotations") {
    if (now === undefined) return removeAnnotations(definition, [id]);
    const annotation = now as unknown as Annotation;
    return {
      ...definition,
      annotations: put(definition.annotations ?? [], annotation, (one) => one.id === id),
    };
  }
  const { [id]: _before, ...others } = definition.settings ?? {};
  return { ...definition, settings: now === undefined ? others : { ...others, [id]: now } };
}

/** The definition as the others have it at the places of conflicts. */
export function takingTheirs(definition: Definition, conflicts: readonly Conflict[]): Definition {
  // What goes takes along what is inside it; what they have kept is put back after that.
  const removals = conflicts.filter(({ theirs }) => theirs === undefined);
  const others = conflicts.filter(({ theirs }) => theirs !== undefined);
  return [...removals, ...others].reduce((now, { path, theirs }) => withValue(now, path, theirs), definition);
}

/** The conflicts that are still some, now that `mine` and `theirs` went on; those of `fresh` go before older ones. */
export function stillOpen(
  open: readonly Conflict[],
  fresh: readonly Conflict[],
  mine: Definition,
  theirs: Definition,
): Conflict[] {
  const places = new Set(fresh.map(({ path }) => path.join("\n")));
  const older = open
    .filter(({ path }) => !places.has(path.join("\n")))
    .map((one) => ({ ...one, theirs: valueAt(theirs, one.path), mine: valueAt(mine, one.path) }))
    .filter((one) => !isSame(one.mine, one.theirs));
  return [...older, ...fresh];
}

function setIn(value: Json | undefined, [first, ...rest]: readonly string[], inner: Json | undefined): Json {
  if (first === undefined) return inner ?? null;
  if (Array.isArray(value))
    return value.map((row, index) => (index === Number(first) ? setIn(row, rest, inner) : row));
  const before = typeof value === "object" && value !== null ? value : {};
  const { [first]: old, ...others } = before;
  const now = rest.length === 0 ? inner : setIn(old, rest, inner);
  return now === undefined ? others : { ...others, [first]: now };
}

function put<T>(rows: readonly T[], row: T, isIt: (row: T) => boolean): T[] {
  return rows.some(isIt) ? rows.map((one) => (isIt(one) ? row : one)) : [...rows, row];
}
