/** Names of nodes, and everything that refers to them: `$node["Name"]` in expressions, wherever expressions may stand. */

import type { Definition, Json } from "../../canvas/types.ts";
import { freeName, nodeOf } from "./edits.ts";
import { stretchesOf, type Token } from "./tokens.ts";

/** Names as they were → as they are. */
export type Names = ReadonlyMap<string, string>;

const LONGEST = 100;

/** Why a node cannot be called so; null when it can. */
export function nameFault(definition: Definition, id: string, name: string): string | null {
  if (!name.trim()) return "A node needs a name.";
  if (name.length > LONGEST) return `At most ${LONGEST} characters.`;
  if (definition.nodes.some((node) => node.id !== id && node.name === name))
    return "Another node is called so already.";
  return null;
}

/**
 * The node by its new name, with everything that refers to it. Where another node has the old name too, what refers to
 * it stays as it is.
 */
export function rename(definition: Definition, id: string, name: string): Definition {
  const node = nodeOf(definition, id);
  if (!node || node.name === name) return definition;
  const nodes = definition.nodes.map((one) => (one === node ? { ...one, name } : one));
  const isShared = definition.nodes.some((one) => one !== node && one.name === node.name);
  const renamed = { ...definition, nodes };
  return isShared ? renamed : withReferences(renamed, new Map([[node.name, name]]));
}

/** Every reference by one of these names changed to the other; what has none stays the same object. */
export function withReferences(definition: Definition, names: Names): Definition {
  return {
    ...definition,
    nodes: definition.nodes.map((node) => {
      if (!node.params) return node;
      const params = renamedIn(node.params, names);
      return params === node.params ? node : { ...node, params };
    }),
    connections: definition.connections.map((connection) => {
      const { condition, mapping } = connection;
      const now = {
        condition: condition ? renamedIn(condition, names) : condition,
        mapping: mapping === undefined ? undefined : renamedIn(mapping, names),
      };
      if (now.condition === condition && now.mapping === mapping) return connection;
      return {
        ...connection,
        ...(now.condition === undefined ? {} : { condition: now.condition }),
        ...(now.mapping === undefined ? {} : { mapping: now.mapping }),
      };
    }),
    ...(definition.settings ? { settings: renamedIn(definition.settings, names) } : {}),
  };
}

/** A value with the references in its texts renamed, at any depth. Keys are no expressions and stay. */
export function renamedIn<T extends Json>(value: T, names: Names): T {
  if (typeof value === "string") return renamedText(value, names) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const rows = value.map((row) => renamedIn(row, names));
    return rows.some((row, index) => row !== value[index]) ? (rows as T) : value;
  }
  let isSame = true;
  const members = Object.entries(value).map(([key, member]): [string, Json] => {
    const now = renamedIn(member as Json, names);
    if (now !== member) isSame = false;
    return [key, now];
  });
  return isSame ? value : (Object.fromEntries(members) as T);
}

/** The names of nodes that a value's expressions refer to. */
export function namesIn(value: Json): Set<string> {
  const found = new Set<string>();
  if (typeof value === "string") for (const { name } of referencesIn(value)) found.add(name);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) for (const name of namesIn(member)) found.add(name);
  return found;
}

/**
 * Names for nodes that join a definition: those that are free stay, others get a number. `taken` grows by them, so that
 * no two of them become one.
 */
export function freeNames(definition: Definition, wanted: readonly string[]): string[] {
  let known = definition;
  return wanted.map((name) => {
    const free = freeName(known, name);
    known = { ...known, nodes: [...known.nodes, { id: "", name: free, type: "", subtype: "" }] };
    return free;
  });
}

interface Reference {
  name: string;
  /** What stands after `$node`: `["Name"]` or `.Name`. */
  start: number;
  end: number;
  quote: string;
}

function renamedText(text: string, names: Names): string {
  let now = "";
  let at = 0;
  for (const { name, start, end, quote } of referencesIn(text)) {
    const other = names.get(name);
    if (other === undefined) continue;
    now += text.slice(at, start) + written(other, quote);
    at = end;
  }
  return at === 0 ? text : now + text.slice(at);
}

function referencesIn(text: string): Reference[] {
  if (!text.includes("{{") || !text.includes("$node")) return [];
  return stretchesOf(text).flatMap(({ tokens }) =>
    tokens.flatMap((token, index): Reference[] => {
      if (token.kind !== "root" || token.text !== "$node") return [];
      const [open, named, close] = tokens.slice(index + 1, index + 4);
      if (isSymbol(open, "[") && named?.kind === "text" && isSymbol(close, "]"))
        return [{ name: named.value ?? "", start: token.end, end: close.end, quote: named.text[0] ?? '"' }];
      if (isSymbol(open, ".") && named?.kind === "name" && !isSymbol(close, "("))
        return [{ name: named.text, start: token.end, end: named.end, quote: "." }];
      return [];
    }),
  );
}

const isSymbol = (token: Token | undefined, text: string): token is Token =>
  token?.kind === "symbol" && token.text === text;

/** A reference as somebody would write it: `.Total` stays short where the name allows. */
function written(name: string, quote: string): string {
  if (quote === "." && /^(?!\p{Nd})[\p{L}\p{N}_]+$/u.test(name)) return `.${name}`;
  const mark = quote === "." ? '"' : quote;
  const inner = name
    .replaceAll("\\", "\\\\")
    .replaceAll(mark, `\\${mark}`)
    .replaceAll("\n", "\\n")
    .replaceAll(mark === "`" ? "${" : "\r", mark === "`" ? "\\${" : "\\r");
  return `[${mark}${inner}${mark}]`;
}
