/** JSON as people write it: where it goes wrong, in words. Pure. */

import type { Json } from "../../canvas/types.ts";

export interface JsonProblem {
  message: string;
  /** Where, counted from 0. */
  at: number;
  line: number;
  column: number;
}

export type Parsed = { value: Json | undefined; problem: null } | { value: undefined; problem: JsonProblem };

/** The value of a text; nothing for an empty one. */
export function parseJson(text: string): Parsed {
  if (text.trim() === "") return { value: undefined, problem: null };
  try {
    return { value: JSON.parse(text) as Json, problem: null };
  } catch {
    return { value: undefined, problem: problemOf(text) };
  }
}

/** The text a value is edited as. */
export const jsonText = (value: Json | undefined): string =>
  value === undefined ? "" : JSON.stringify(value, null, 2);

function problemOf(text: string): JsonProblem {
  const at = firstWrong(text);
  const before = text.slice(0, at);
  return {
    message: wordsFor(text, at),
    at,
    line: before.split("\n").length,
    column: at - before.lastIndexOf("\n"),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON's texts have none.
const WORD =
  /\s*(?:(?<value>"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))|(?<sign>[{}[\],:]))/y;

/** The place of the first word that cannot stand where it does: browsers do not always say it. */
function firstWrong(text: string): number {
  const open: ("{" | "[")[] = [];
  // What may come next: a value, a name of a member, the sign behind one, or what goes on or closes.
  let next: "value" | "value or ]" | "name" | "name or }" | ":" | "more" | "end" = "value";
  for (let at = 0; ; at = WORD.lastIndex) {
    WORD.lastIndex = at;
    const word = WORD.exec(text);
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (!word) return start;
    const { value, sign } = word.groups ?? {};
    if (value !== undefined) {
      if (next.startsWith("name") && value.startsWith('"')) next = ":";
      else if (next.startsWith("value")) next = open.length > 0 ? "more" : "end";
      else return start;
    } else if ((sign === "{" || sign === "[") && next.startsWith("value")) {
      open.push(sign);
      next = sign === "{" ? "name or }" : "value or ]";
    } else if (sign === ":" && next === ":") next = "value";
    else if (sign === "," && next === "more") next = open.at(-1) === "{" ? "name" : "value";
    else if (
      (sign === "}" && open.at(-1) === "{" && (next === "more" || next === "name or }")) ||
      (sign === "]" && open.at(-1) === "[" && (next === "more" || next === "value or ]"))
    ) {
      open.pop();
      next = open.length > 0 ? "more" : "end";
    } else return start;
  }
}

function wordsFor(text: string, at: number): string {
  const before = text.slice(0, at).trimEnd().at(-1) ?? "";
  const here = text.slice(at).trimStart()[0] ?? "";
  if (here === "") return "Something is missing at the end: a bracket, a quote or a value.";
  if (here === "'") return "Texts stand in double quotes.";
  if (before === "," && (here === "}" || here === "]")) return "There is one comma too many.";
  if (/["\d\]}el]/.test(before) && /["{[\w]/.test(here)) return "A comma is missing before this.";
  if (before === "{" || (before === "," && /[A-Za-z_$]/.test(here)))
    return "The name of a member stands in double quotes.";
  if (/[A-Za-z$]/.test(here)) return "A text stands in double quotes; other words are true, false and null.";
  return `“${here}” cannot stand here.`;
}
