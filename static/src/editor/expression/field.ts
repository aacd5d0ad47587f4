/** What a field does to its text: switching, dropping, typing braces. Pure. */

import type { Json } from "../../canvas/types.ts";
import { hasExpression, holeAt, holesOf } from "./tokens.ts";

/** What the input column gives along when a field is dragged: the text is the path, as in `$json.order.total`. */
export const PATH_TYPE = "application/x-agentflow-path";

export interface Placed {
  text: string;
  /** Where the cursor stands. */
  at: number;
}

/** What stands in an editor for a value: texts as they are, everything else as an expression that gives it. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : `{{ ${JSON.stringify(value)} }}`;
}

/** The text with a path put in: inside an expression as it is, elsewhere as one of its own. */
export function withPath(text: string, from: number, to: number, path: string): Placed {
  const hole = holeAt(holesOf(text), from);
  const [before, after] = [text.slice(0, from), text.slice(to)];
  if (!hole) {
    const put = `{{ ${path} }}`;
    return { text: before + put + after, at: from + put.length };
  }
  const isTight = (character: string | undefined): boolean => /[\p{L}\p{N}_$)\]}"'`{]/u.test(character ?? "");
  const put = `${isTight(before.at(-1)) && before.at(-1) !== "(" ? " " : ""}${path}`;
  const gap = isTight(after[0]) && after[0] !== ")" && after[0] !== "]" ? " " : "";
  return { text: before + put + gap + after, at: from + put.length };
}

/** The text with an empty expression at this place, to be written in. */
export function withHole(text: string, from: number, to: number): Placed {
  return { text: `${text.slice(0, from)}{{  }}${text.slice(to)}`, at: from + 3 };
}

/** What the second of two braces becomes: `{{ | }}`. Null where braces mean something else or are closed already. */
export function secondBrace(text: string, at: number): Placed | null {
  if (text[at - 1] !== "{" || text[at - 2] === "{") return null;
  if (holeAt(holesOf(text), at - 1)) return null;
  // A single brace may have brought its own closing one.
  const after = text[at] === "}" ? text.slice(at + 1) : text.slice(at);
  if (after.trimStart().startsWith("}}")) return null;
  return { text: `${text.slice(0, at)}{  }}${after}`, at: at + 2 };
}

/** What a closing brace does where the expression ends already: it goes past what stands there. Null elsewhere. */
export function closingBrace(text: string, at: number): Placed | null {
  const hole = holesOf(text).find(({ start, end, isClosed }) => isClosed && at >= start + 2 && at < end);
  const left = hole ? text.slice(at, hole.end) : "";
  if (!hole || !["}", "}}", " }}"].includes(left)) return null;
  // The space before it was typed as well.
  const end = text[at - 1] === " " ? left.trimStart() : left;
  return { text: text.slice(0, at) + end + text.slice(hole.end), at: at + end.indexOf("}") + 1 };
}

/** What is left of a text that shall hold no expression: what it came to where that is known, else what is around it. */
export function fixedOf(text: string, result: Json | undefined): Json {
  if (!hasExpression(text)) return text;
  if (result !== undefined && !hasExpression(result)) return result;
  let [rest, at] = ["", 0];
  for (const hole of holesOf(text)) {
    rest += text.slice(at, hole.start);
    at = hole.end;
  }
  return (rest + text.slice(at)).trim();
}

/** The smallest change that makes one text of another, so that cursors stay where they are. */
export function difference(before: string, after: string): { from: number; to: number; insert: string } {
  const shortest = Math.min(before.length, after.length);
  let from = 0;
  while (from < shortest && before[from] === after[from]) from++;
  let end = 0;
  while (end < shortest - from && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}
