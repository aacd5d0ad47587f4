/**
 * What two people added at the same time, kept apart: ids are made from names, so both make the same for two things
 * that have nothing to do with one another. Pure.
 */

import type { ConnectionDocument, Definition } from "../../canvas/types.ts";
import { freeId, freeName, nodeOf } from "./edits.ts";
import { rename } from "./naming.ts";
import { isSame } from "./same.ts";

/** Ids as they were → as they are. */
export type Ids = ReadonlyMap<string, string>;

/** What became of mine where theirs has the same ids or names for something else. */
export interface Apart {
  ids: Ids;
  /** Does the same to any earlier or later state of mine. */
  carry: (definition: Definition) => Definition;
}

export const UNTOUCHED: Apart = { ids: new Map(), carry: (definition) => definition };

/** Mine with ids and names of its own, and how it came to them. */
export function keptApart(
  base: Definition,
  mine: Definition,
  theirs: Definition,
): Apart & { mine: Definition } {
  const ids = takenTwice(base, mine, theirs);
  let now = renumbered(mine, ids);
  const added = (definition: Definition): Map<string, string> =>
    new Map(
      definition.nodes
        .filter(({ id, name }) => nodeOf(base, id)?.name !== name)
        .map(({ id, name }) => [name, id]),
    );
  const others = added(theirs);
  const names: [id: string, from: string, to: string][] = [];
  for (const [name, id] of added(now)) {
    const other = others.get(name);
    if (other === undefined || other === id) continue;
    const both = { ...now, nodes: [...now.nodes, ...theirs.nodes] };
    const free = freeName(both, name);
    names.push([id, name, free]);
    now = untouched(base, now, rename(now, id, free));
  }
  if (ids.size === 0 && names.length === 0) return { mine, ...UNTOUCHED };
  const carry = (definition: Definition): Definition =>
    names.reduce(
      (state, [id, from, to]) => (nodeOf(state, id)?.name === from ? rename(state, id, to) : state),
      renumbered(definition, ids),
    );
  return { mine: now, ids, carry };
}

/** What was written before I had a node of that name did not mean it. */
function untouched(base: Definition, before: Definition, after: Definition): Definition {
  const nodes = after.nodes.map((node, index) => {
    const old = before.nodes[index];
    const ground = old && nodeOf(base, old.id);
    return old && ground && isSame(old as never, ground as never) ? old : node;
  });
  return { ...after, nodes };
}

/** What is new on both sides under one id, without being the same. */
function takenTwice(base: Definition, mine: Definition, theirs: Definition): Ids {
  const all = (definition: Definition) => [...definition.nodes, ...(definition.annotations ?? [])];
  const before = new Set(all(base).map(({ id }) => id));
  const others = new Map(all(theirs).map((one) => [one.id, one]));
  const found = new Map<string, string>();
  let known: Definition = { ...mine, nodes: [...mine.nodes, ...theirs.nodes] };
  known = { ...known, annotations: [...(mine.annotations ?? []), ...(theirs.annotations ?? [])] };
  for (const one of all(mine)) {
    const other = others.get(one.id);
    if (!other || before.has(one.id) || isSame(one as never, other as never)) continue;
    const id = freeId(known, one.id);
    found.set(one.id, id);
    known = { ...known, nodes: [...known.nodes, { id, name: "", type: "", subtype: "" }] };
  }
  return found;
}

/** A definition with other ids, wherever they are named. */
export function renumbered(definition: Definition, ids: Ids): Definition {
  if (ids.size === 0) return definition;
  const now = (id: string): string => ids.get(id) ?? id;
  return {
    ...definition,
    nodes: definition.nodes.map((node) => {
      const { id, parent, attached } = node;
      const isTouched = ids.has(id) || (parent && ids.has(parent)) || attached?.some((one) => ids.has(one));
      if (!isTouched) return node;
      return {
        ...node,
        id: now(id),
        ...(parent ? { parent: now(parent) } : {}),
        ...(attached ? { attached: attached.map(now) } : {}),
      };
    }),
    connections: definition.connections.map((connection): ConnectionDocument => {
      const { from, to } = connection;
      return ids.has(from) || ids.has(to) ? { ...connection, from: now(from), to: now(to) } : connection;
    }),
    ...(definition.annotations
      ? {
          annotations: definition.annotations.map((one) =>
            ids.has(one.id) ? { ...one, id: now(one.id) } : one,
          ),
        }
      : {}),
  };
}
