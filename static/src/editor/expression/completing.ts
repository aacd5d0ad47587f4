/** What can be written at a place in a text: pure, over text, cursor, and what is known there. */

import type { Json } from "../../canvas/types.ts";
import { type Knowledge, type Known, namesAt, type Operand, operandAt, plain } from "./chains.ts";
import type { FunctionEntry, Language } from "./language.ts";
import { holeAt, holesOf, type Token } from "./tokens.ts";
import { brief, isDate, kindOf, placesIn, step } from "./values.ts";

/** One thing that can be written. */
export interface Option {
  label: string;
  /** The type of what it gives, or "function". */
  kind: string;
  /** The value of the last run, in short. */
  value: string;
  /** Who set it: the name of a node. */
  by: string;
  isExample: boolean;
  /** What is put in place of the text from `from` to `to`. */
  insert: string;
  /** Where the cursor stands in it; left out: at its end. */
  cursor?: number;
  /** The parts of the label that match what was typed. */
  matches: [number, number][];
  /** What it is, in a sentence. */
  doc?: string;
  entry?: FunctionEntry;
}

export interface Completions {
  from: number;
  to: number;
  options: Option[];
}

const MOST = 60;
const MOST_ELSEWHERE = 12;

/** What can be written at `at`; null where nothing can. `isAsked`: somebody wants to see it all. */
export function complete(
  text: string,
  at: number,
  knowledge: Knowledge,
  language: Language,
  isAsked = false,
): Completions | null {
  const hole = holeAt(holesOf(text), at);
  if (!hole) return null;
  const tokens = hole.tokens;
  const index = tokens.findIndex(({ start, end }) => start < at && at <= end);
  const current = tokens[index];
  const before = index === -1 ? tokens.findLastIndex(({ end }) => end <= at) : index - 1;
  if (current && (current.kind === "number" || current.kind === "regex")) return null;
  if (current?.kind === "text" || current?.kind === "piece") {
    const isKey = sign(tokens[before]) === "[" && (at < current.end || !isClosed(current.text));
    return isKey ? keys(tokens, before, current, at, knowledge, language) : null;
  }
  const word = current && (current.kind === "name" || current.kind === "root") ? current : null;
  const typed = word ? text.slice(word.start, at) : "";
  const last = word ? before : current && sign(current) ? index : before;
  const dot = sign(tokens[last]);
  const [from, to] = word ? [word.start, word.end] : [at, at];
  const asked = { typed, from, to, knowledge, language, isAsked };
  if (dot === "." || dot === "?.") {
    const operand = operandAt(tokens, last - 1, knowledge, language);
    return operand ? members(text, tokens, operand, asked) : null;
  }
  if (dot === "[" && !word) {
    const operand = operandAt(tokens, last - 1, knowledge, language);
    if (operand) return keys(tokens, last, null, at, knowledge, language);
  }
  if (!word && !isAsked && last !== -1) return null;
  return { from, to, options: beginnings(tokens, before, asked) };
}

interface Asked {
  typed: string;
  from: number;
  to: number;
  knowledge: Knowledge;
  language: Language;
  isAsked: boolean;
}

// ── After a dot ──────────────────────────────────────────────────────────────────────────────────────────────────

function members(text: string, tokens: readonly Token[], operand: Operand, asked: Asked): Completions {
  const first = tokens[operand.first];
  const last = tokens[operand.last];
  const [start, end] = [first?.start ?? asked.from, last?.end ?? asked.from];
  // Paths are shown and replaced as wholes, so that what stands elsewhere can be offered as well.
  const path = operand.isPath ? text.slice(start, end) : "";
  const from = operand.isPath ? start : asked.from;
  const own = ownKeys(operand.value).flatMap(([key, value]) =>
    option({
      label: path === "" ? key : path + step(key),
      key,
      insert: path === "" ? key : path + step(key),
      value,
      by: operand.by,
      isExample: operand.isExample,
      typed: asked.typed,
    }),
  );
  const methods = methodsFor(operand, asked.language).flatMap(([name, entry]) =>
    call(name, entry, asked.typed, path === "" ? "" : `${path}.`),
  );
  const elsewhere = operand.isPath && asked.typed.length > 1 ? paths(asked, path) : [];
  // What has no members of its own is more likely worked on than left for something else.
  const hasMembers = kindOf(operand.value) === "object";
  const rest = hasMembers ? [...elsewhere, ...sorted(methods)] : [...sorted(methods), ...elsewhere];
  const options = [...sorted(own), ...rest];
  return { from, to: asked.to, options: options.slice(0, MOST) };
}

/** The functions that take a value of this type; of one that is not known, all. */
function methodsFor(operand: Operand, language: Language): [string, FunctionEntry][] {
  const kind = kindOf(operand.value);
  const kinds = new Set<string>([kind, "any", ...(isDate(operand.value) ? ["date"] : [])]);
  const fits = (entry: FunctionEntry): boolean =>
    operand.value === undefined || kind === "empty" || entry.takes.some((each) => kinds.has(each));
  return language.functions.flatMap((entry) =>
    entry.methods.length > 0 && fits(entry)
      ? entry.methods.slice(0, 1).map((name): [string, FunctionEntry] => [name, entry])
      : [],
  );
}

function ownKeys(value: Json | undefined): [string, Json][] {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [];
}

// ── In brackets ──────────────────────────────────────────────────────────────────────────────────────────────────

function keys(
  tokens: readonly Token[],
  bracket: number,
  current: Token | null,
  at: number,
  knowledge: Knowledge,
  language: Language,
): Completions | null {
  const operand = operandAt(tokens, bracket - 1, knowledge, language);
  if (!operand) return null;
  const typed = current ? plain(current.text.slice(0, at - current.start)) : "";
  const isNode = tokens[bracket - 1]?.text === "$node";
  const entries: [string, Json | undefined, Known | null][] = isNode
    ? Object.entries(knowledge.nodes).map(([name, node]) => [name, node.value, node])
    : ownKeys(operand.value).map(([key, value]) => [key, value, null]);
  const options = entries.flatMap(([key, value, node]) =>
    option({
      label: key,
      key,
      insert: `${JSON.stringify(key)}]`,
      value,
      by: node ? key : operand.by,
      isExample: node?.isExample ?? operand.isExample,
      typed,
    }),
  );
  const after = tokens.find(({ start }) => start >= (current?.end ?? at));
  const to = sign(after) === "]" && after ? after.end : (current?.end ?? at);
  return { from: current?.start ?? at, to, options: isNode ? options : sorted(options).slice(0, MOST) };
}

// ── At the beginning of a value ──────────────────────────────────────────────────────────────────────────────────

function beginnings(tokens: readonly Token[], before: number, asked: Asked): Option[] {
  const { knowledge, language, typed } = asked;
  const names = [...namesAt(tokens, before, knowledge, language)].flatMap(([name, value]) =>
    option({ label: name, key: name, insert: name, value, by: "", isExample: false, typed }),
  );
  const roots = language.roots.flatMap(({ name, doc }): Option[] => {
    if (name === "$node") {
      const [first] = option({
        label: '$node["…"]',
        key: "$node",
        insert: '$node[""]',
        value: undefined,
        by: "",
        isExample: false,
        typed,
      });
      return first ? [{ ...first, cursor: 7, kind: "object", doc }] : [];
    }
    const root = knowledge.roots[name];
    if (!root) return [];
    return option({ ...root, label: name, key: name, insert: name, typed }).map((each) => ({
      ...each,
      doc,
    }));
  });
  const functions = language.functions.flatMap((entry) =>
    entry.globals.slice(0, 1).flatMap((name) => call(name, entry, typed, "")),
  );
  const isBare = typed === "" || typed === "$";
  const inside = isBare ? topPaths(knowledge, typed) : paths(asked, "");
  return [
    ...sorted(names),
    ...(isBare ? [...inside, ...roots] : [...roots, ...inside]),
    ...(typed === "$" ? [] : sorted(functions)),
  ].slice(0, MOST);
}

/** What stands in the input, for somebody who has typed nothing yet. */
function topPaths(knowledge: Knowledge, typed: string): Option[] {
  const known = knowledge.roots.$item?.value === undefined ? "$json" : "$item";
  return [...new Set([known, "$json"])].flatMap((root) => {
    const found = knowledge.roots[root];
    if (!found) return [];
    return placesIn(found.value, root, 1, 25).flatMap(({ path, key, value }) =>
      option({ ...found, label: path, key, insert: path, value, typed: typed === "$" ? "" : typed }),
    );
  });
}

/** Everything that is known whose name fits what was typed, wherever it stands; not what stands directly in `base`. */
function paths({ knowledge, typed }: Asked, base: string): Option[] {
  const places: { known: Known; from: string }[] = [
    ...Object.entries(knowledge.roots)
      // Of one input alone `$input` says what `$json` says.
      .filter(([root, { value }]) => root !== "$input" || placesIn(value, root, 1).length > 1)
      .map(([from, known]) => ({ known, from })),
    ...Object.entries(knowledge.nodes).map(([name, known]) => ({
      known,
      from: `$node[${JSON.stringify(name)}]`,
    })),
  ];
  const found = places.flatMap(({ known, from }) =>
    placesIn(known.value, from).flatMap(({ path, key, value }) =>
      base !== "" && path === base + step(key)
        ? []
        : option({ ...known, label: path, key, insert: path, value, typed: typed.replace(/^\$/, "") }),
    ),
  );
  const seen = new Set<string>();
  return sorted(found)
    .filter(({ label }) => !seen.has(label) && seen.add(label))
    .slice(0, MOST_ELSEWHERE);
}

// ── Matching ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Offered {
  label: string;
  /** What is compared with what was typed: the last part of the label. */
  key: string;
  insert: string;
  value: Json | undefined;
  by: string;
  isExample: boolean;
  typed: string;
}

function option({ label, key, insert, value, by, isExample, typed }: Offered): Option[] {
  const at = where(key, typed);
  if (at === null) return [];
  const start = label.lastIndexOf(key) + at;
  const matches: [number, number][] = typed === "" ? [] : [[start, start + typed.length]];
  return [{ label, kind: kindOf(value), value: brief(value), by, isExample, insert, matches }];
}

function call(name: string, entry: FunctionEntry, typed: string, before: string): Option[] {
  const at = where(name, typed);
  if (at === null) return [];
  const takesMore = /\(.*\)/.exec(entry.signature)?.[0] ?? "()";
  const count = takesMore === "()" ? 0 : takesMore.split(",").length - (entry.methods.includes(name) ? 1 : 0);
  const label = `${before}${name}()`;
  const start = before.length + at;
  return [
    {
      label,
      kind: "function",
      value: resultOf(entry),
      by: "",
      isExample: false,
      insert: `${before}${name}()`,
      ...(count > 0 ? { cursor: before.length + name.length + 1 } : {}),
      matches: typed === "" ? [] : [[start, start + typed.length]],
      doc: entry.doc,
      entry,
    },
  ];
}

/** The type a function gives, as its signature says it. */
const resultOf = ({ signature }: FunctionEntry): string => /-> (.*)$/.exec(signature)?.[1] ?? "";

/** Where in a name the typed letters stand; null where they do not. */
function where(name: string, typed: string): number | null {
  const at = name.toLowerCase().indexOf(typed.toLowerCase());
  return at === -1 ? null : at;
}

/** What begins with the typed letters first, then shorter names; otherwise as they stand. */
function sorted(options: Option[]): Option[] {
  const rank = ({ matches, label }: Option): number => {
    const [match] = matches;
    if (!match) return 0;
    const isBeginning = match[0] === 0 || /[.["$]/.test(label[match[0] - 1] ?? "");
    return (isBeginning ? 0 : 1_000) + (label.length - match[1]);
  };
  return options
    .map((each, place) => ({ each, place, rank: rank(each) }))
    .sort((one, other) => one.rank - other.rank || one.place - other.place)
    .map(({ each }) => each);
}

const sign = (token: Token | undefined): string => (token?.kind === "symbol" ? token.text : "");

const isClosed = (text: string): boolean => text.length > 1 && text.endsWith(text[0] ?? "");
