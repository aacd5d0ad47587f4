/** Searching what is on the canvas. Pure. */

import type { Definition, Json, NodeTypeEntry } from "../../canvas/types.ts";

export interface Found {
  id: string;
  kind: "node" | "note";
  /** What was found of it, when it is not its name. */
  where: string;
}

/** Nodes by name, type and the text of their parameters and notes, then notes; in the order given. */
export function search(
  definition: Definition,
  query: string,
  entryOf: (id: string) => NodeTypeEntry | undefined,
  order: readonly string[],
): Found[] {
  const needle = query.trim().toLowerCase();
  if (needle === "") return [];
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(needle) ?? false;
  const byId = new Map(definition.nodes.map((node) => [node.id, node]));
  const ids = [...new Set([...order, ...byId.keys()])];
  const names: Found[] = [];
  const rest: Found[] = [];
  for (const id of ids) {
    const node = byId.get(id);
    if (!node) continue;
    if (has(node.name)) names.push({ id, kind: "node", where: "" });
    else if (has(entryOf(id)?.name) || has(node.subtype))
      rest.push({ id, kind: "node", where: entryOf(id)?.name ?? node.subtype });
    else {
      const where = parameterWith(node.params ?? {}, has) ?? (has(node.notes) ? "Notes" : null);
      if (where !== null) rest.push({ id, kind: "node", where });
    }
  }
  const notes = (definition.annotations ?? []).filter(({ text }) => has(text));
  return [...names, ...rest, ...notes.map(({ id }): Found => ({ id, kind: "note", where: "Note" }))];
}

/** The parameter in which it stands. */
function parameterWith(params: Record<string, Json>, has: (text: string) => boolean): string | null {
  for (const [name, value] of Object.entries(params)) {
    const texts = typeof value === "string" ? value : JSON.stringify(value);
    if (has(texts)) return name.replaceAll("_", " ");
  }
  return null;
}
