/** Conflicts in words: which place it is, and both values so that their difference is seen. Pure. */

import type { Definition, Json } from "../../canvas/types.ts";
import { keyOf, nodeOf } from "../document/edits.ts";
import type { Conflict } from "../document/merge.ts";

const LONGEST = 600;
const AROUND = 60;

/** What the place belongs to, and what it is there: ["Fetch stock", "params: url"]. */
export function placeOf({ path }: Conflict, ...known: readonly Definition[]): [string, string] {
  const [part, id = "", ...rest] = path;
  const nameOf = (nodeId: string): string =>
    known.map((one) => nodeOf(one, nodeId)?.name).find((name) => name !== undefined) ?? nodeId;
  const member = rest
    .filter((one, index) => index > 0 || one !== "params")
    .map((one) => (/^\d+$/.test(one) ? `${Number(one) + 1}` : one))
    .join(" › ")
    .replaceAll("_", " ");
  if (part === "nodes") return [nameOf(id), rest.length === 0 ? "the whole node" : member];
  if (part === "connections") {
    const found = known.flatMap(({ connections }) => connections).find((one) => keyOf(one) === id);
    const ends = found ? `${nameOf(found.from)} → ${nameOf(found.to)}` : id;
    return [ends, rest.length === 0 ? "the connection" : member];
  }
  if (part === "annotations") return ["A note on the canvas", rest.length === 0 ? "" : member];
  return ["Settings of the workflow", [id, ...rest].join(" › ").replaceAll("_", " ")];
}

export function wordsFor(value: Json | undefined): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A text in three parts, of which the middle one is what another text has not. Long equal ends are shortened. */
export function partsOf(text: string, other: string): [string, string, string] {
  const most = Math.min(text.length, other.length);
  let start = 0;
  while (start < most && text[start] === other[start]) start++;
  let end = 0;
  while (end < most - start && text[text.length - 1 - end] === other[other.length - 1 - end]) end++;
  const head = text.slice(0, start);
  const tail = end === 0 ? "" : text.slice(-end);
  return [
    head.length > AROUND * 2 ? `…${head.slice(-AROUND)}` : head,
    text.slice(start, text.length - end),
    tail.length > AROUND * 2 ? `${tail.slice(0, AROUND)}…` : tail,
  ];
}
