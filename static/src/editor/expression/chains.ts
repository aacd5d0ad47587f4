/**
 * What the words of an expression stand for, as far as that can be said without evaluating them: values reached by
 * keys, functions that hand on what they were given, and the parameters of arrow functions. Pure.
 */

import type { Json } from "../../canvas/types.ts";
import type { FunctionEntry, Language } from "./language.ts";
import type { Token } from "./tokens.ts";

/** A value behind a root or the name of a node, and who set it. */
export interface Known {
  value: Json | undefined;
  /** The node it came from, by name. */
  by: string;
  isExample: boolean;
}

/** What is known where an expression stands. */
export interface Knowledge {
  /** By the root's name: "$json". */
  roots: Readonly<Record<string, Known>>;
  /** By the node's name. */
  nodes: Readonly<Record<string, Known>>;
}

/** An operand: from which word to which, what it comes to, and who set that. */
export interface Operand {
  first: number;
  last: number;
  /** Undefined where it cannot be said. */
  value: Json | undefined;
  by: string;
  isExample: boolean;
  /** It is a root, or reached from one by keys alone. */
  isPath: boolean;
}

type Names = ReadonlyMap<string, Json | undefined>;
const NONE: Names = new Map();
const OPENING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };
/** Functions that give back some of the items they were given, or one of them. */
const SAME_LIST = new Set(
  "filter sort sortBy reverse slice unique removeDuplicates compact append concat union difference intersection randomItems limit".split(
    " ",
  ),
);
const ONE_ITEM = new Set("find findLast first last at randomItem max min".split(" "));

/** The operand whose last word is `last`. Null where no operand ends there. */
export function operandAt(
  tokens: readonly Token[],
  last: number,
  knowledge: Knowledge,
  language: Language,
  names: Names = namesAt(tokens, last, knowledge, language),
): Operand | null {
  const first = beginning(tokens, last);
  if (first === null) return null;
  const reader = new Reader(tokens, knowledge, language, names);
  return { first, last, ...reader.read(first, last) };
}

/** The names that arrow functions around this word have given their parameters, and what these stand for. */
export function namesAt(
  tokens: readonly Token[],
  at: number,
  knowledge: Knowledge,
  language: Language,
): Names {
  const names = new Map<string, Json | undefined>();
  const open: { index: number; names: string[] }[] = [];
  for (let index = 0; index <= at && index < tokens.length; index++) {
    const text = symbol(tokens[index]);
    if (text === "(" || text === "[" || text === "{") open.push({ index, names: [] });
    else if (text in OPENING) for (const name of open.pop()?.names ?? []) names.delete(name);
    else if (text === "=>") {
      const parameters = parametersBefore(tokens, index);
      const call = open.at(-1);
      if (!call) continue;
      const given = itemsFor(tokens, call.index, knowledge, language, names);
      parameters.forEach((name, place) => {
        names.set(name, given[place]);
        call.names.push(name);
      });
    }
  }
  return names;
}

/** What an arrow function in this call is given: an item and its place; for `reduce` the total comes first. */
function itemsFor(
  tokens: readonly Token[],
  call: number,
  knowledge: Knowledge,
  language: Language,
  names: Names,
): (Json | undefined)[] {
  const method = tokens[call - 1];
  if (method?.kind !== "name" || !isDot(tokens[call - 2])) return [];
  const list = operandAt(tokens, call - 3, knowledge, language, names)?.value;
  const item = Array.isArray(list) ? list[0] : undefined;
  if (method.text === "mapValues" || method.text === "pickBy") {
    const [entry] = list !== null && typeof list === "object" ? Object.entries(list) : [];
    return entry ? [entry[1], entry[0]] : [];
  }
  return method.text === "reduce" ? [undefined, item, 0] : [item, 0];
}

function parametersBefore(tokens: readonly Token[], arrow: number): string[] {
  const before = tokens[arrow - 1];
  if (before?.kind === "name") return [before.text];
  if (symbol(before) !== ")") return [];
  const first = matching(tokens, arrow - 1);
  if (first === null) return [];
  return tokens.slice(first + 1, arrow - 1).flatMap(({ kind, text }) => (kind === "name" ? [text] : []));
}

/** The first word of the operand that ends with word `last`. */
function beginning(tokens: readonly Token[], last: number): number | null {
  for (let at = last; ; ) {
    const token = tokens[at];
    if (!token) return null;
    const text = symbol(token);
    if (text === ")" || text === "]") {
      const opening = matching(tokens, at);
      if (opening === null) return null;
      const before = tokens[opening - 1];
      const isCall = text === ")" ? before?.kind === "name" : endsValue(before);
      if (!isCall) return opening;
      at = opening - 1;
      continue;
    }
    if (token.kind === "name" && isDot(tokens[at - 1])) {
      at -= 2;
      continue;
    }
    return endsValue(token) ? at : null;
  }
}

/** Where the bracket opens that closes here. */
function matching(tokens: readonly Token[], closing: number): number | null {
  const wanted: string[] = [];
  for (let at = closing; at >= 0; at--) {
    const text = symbol(tokens[at]);
    const opening = OPENING[text];
    if (opening) wanted.push(opening);
    else if (text === wanted.at(-1)) {
      wanted.pop();
      if (wanted.length === 0) return at;
    }
  }
  return null;
}

const symbol = (token: Token | undefined): string => (token?.kind === "symbol" ? token.text : "");

const isDot = (token: Token | undefined): boolean => symbol(token) === "." || symbol(token) === "?.";

const endsValue = (token: Token | undefined): boolean =>
  token !== undefined &&
  (["name", "root", "text", "number"].includes(token.kind) || [")", "]"].includes(symbol(token)));

type Read = Omit<Operand, "first" | "last">;
const UNKNOWN: Read = { value: undefined, by: "", isExample: false, isPath: false };

class Reader {
  constructor(
    private readonly tokens: readonly Token[],
    private readonly knowledge: Knowledge,
    private readonly language: Language,
    private readonly names: Names,
  ) {}

  read(first: number, last: number): Read {
    let [found, at] = this.base(first, last);
    while (at <= last) {
      const text = symbol(this.tokens[at]);
      if (isDot(this.tokens[at])) {
        const name = this.tokens[at + 1];
        if (name && symbol(this.tokens[at + 2]) === "(") {
          const end = this.closing(at + 2, last);
          found = { ...found, value: this.called(found.value, name.text, at + 2, end), isPath: false };
          at = end + 1;
        } else {
          found = { ...found, value: memberOf(found.value, name?.text ?? "") };
          at += 2;
        }
      } else if (text === "[") {
        const end = this.closing(at, last);
        found = this.indexed(found, this.tokens.slice(at + 1, end));
        at = end + 1;
      } else return UNKNOWN;
    }
    return found;
  }

  private base(first: number, last: number): [Read, number] {
    const token = this.tokens[first];
    if (!token) return [UNKNOWN, last + 1];
    if (token.kind === "root") {
      if (token.text === "$node") return [{ ...UNKNOWN, isPath: true }, first + 1];
      const root = this.knowledge.roots[token.text];
      return [root ? { ...root, isPath: true } : UNKNOWN, first + 1];
    }
    if (token.kind === "text") return [{ ...UNKNOWN, value: plain(token.text) }, first + 1];
    if (token.kind === "number") return [{ ...UNKNOWN, value: Number(token.text) }, first + 1];
    if (token.kind === "name" && symbol(this.tokens[first + 1]) === "(") {
      const entry = this.language.functions.find(({ globals }) => globals.includes(token.text));
      const end = this.closing(first + 1, last);
      return [{ ...UNKNOWN, value: entry?.result }, end + 1];
    }
    if (token.kind === "name") {
      if (token.text === "true" || token.text === "false")
        return [{ ...UNKNOWN, value: token.text === "true" }, first + 1];
      return [{ ...UNKNOWN, value: this.names.get(token.text) }, first + 1];
    }
    const end = this.closing(first, last);
    if (symbol(token) === "[") return [{ ...UNKNOWN, value: this.list(first, end) }, end + 1];
    const inner = operandAt(this.tokens, end - 1, this.knowledge, this.language, this.names);
    return [inner && inner.first === first + 1 ? { ...inner, isPath: false } : UNKNOWN, end + 1];
  }

  /** A list that is written out, as far as its first item goes. */
  private list(first: number, end: number): Json[] {
    if (end === first + 1) return [];
    const item = this.tokens[first + 1];
    if (item?.kind === "number") return [Number(item.text)];
    return item?.kind === "text" ? [plain(item.text)] : [];
  }

  private closing(opening: number, last: number): number {
    for (let at = opening + 1; at <= last; at++) if (matching(this.tokens, at) === opening) return at;
    return last;
  }

  private indexed(found: Read, inside: readonly Token[]): Read {
    const [key] = inside;
    if (inside.length !== 1 || !key) return { ...UNKNOWN };
    if (key.kind === "number") return { ...found, value: itemOf(found.value, Number(key.text)) };
    if (key.kind !== "text") return { ...UNKNOWN };
    const name = plain(key.text);
    if (found.value === undefined && found.isPath && !found.by) {
      const node = this.knowledge.nodes[name];
      return node ? { ...node, isPath: true } : { ...UNKNOWN };
    }
    return { ...found, value: memberOf(found.value, name) };
  }

  /** What a function gives: some of what it was given where it hands that on, else what its example gives. */
  private called(value: Json | undefined, name: string, opening: number, end: number): Json | undefined {
    if (Array.isArray(value)) {
      if (SAME_LIST.has(name)) return value;
      if (ONE_ITEM.has(name)) return value[0];
      if (name === "map" || name === "flatMap") {
        const names = namesAt(this.tokens, end - 1, this.knowledge, this.language);
        const item = operandAt(this.tokens, end - 1, this.knowledge, this.language, names);
        const isWhole = item !== null && symbol(this.tokens[item.first - 1]) === "=>" && item.first > opening;
        return isWhole && item.value !== undefined ? [item.value] : [];
      }
    }
    return this.language.functions.find((entry) => isMethodOf(entry, name))?.result;
  }
}

export const isMethodOf = (entry: FunctionEntry, name: string): boolean => entry.methods.includes(name);

function memberOf(value: Json | undefined, key: string): Json | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

const itemOf = (value: Json | undefined, at: number): Json | undefined =>
  Array.isArray(value) ? value[at] : undefined;

/** What a text in quotes says. */
export function plain(quoted: string): string {
  const quote = quoted[0] ?? "";
  const inner = quoted.slice(1, quoted.length > 1 && quoted.endsWith(quote) ? -1 : undefined);
  return inner.replace(/\\(.)/gs, (_, character: string) => (character === "n" ? "\n" : character));
}

export const NOTHING_KNOWN: Knowledge = { roots: {}, nodes: {} };
export { NONE as NO_NAMES };
