/**
 * A value as the rows of a tree, folded and searched. Only what is open is walked through, and paths are made of the
 * rows that are drawn: a list of a hundred thousand things opens at once. Pure.
 */

import { isObject } from "../../../canvas/summarize.ts";
import { childPath } from "../../../canvas/tree.ts";
import type { Json } from "../../../canvas/types.ts";

export interface Row {
  /** Null: the value itself, which has no row of its own unless it is a plain value. */
  name: string | number | null;
  value: Json;
  depth: number;
  parent: Row | null;
  /** Of lists and objects: how much is inside. Null: a plain value. */
  size: number | null;
  isOpen: boolean;
}

/** Rows somebody opened (true) or folded (false), by their place. */
export type Folds = ReadonlyMap<string, boolean>;

const OPEN_DEPTH = 2;
/** So much is open by itself; what is larger waits to be opened. */
const OPEN_SIZE = 50;

export const sizeOf = (value: Json): number | null =>
  Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : null;

/** Where a row stands, for those who remember it. */
export function placeOf(row: Row): string {
  const parts: (string | number)[] = [];
  for (let at: Row | null = row; at !== null && at.name !== null; at = at.parent) parts.push(at.name);
  return JSON.stringify(parts.reverse());
}

/** The row's value as an expression reaches it. */
export function pathOf(row: Row, root: string): string {
  const names: (string | number)[] = [];
  for (let at: Row | null = row; at !== null && at.name !== null; at = at.parent) names.push(at.name);
  return names.reverse().reduce<string>((path, name) => childPath(path, name), root);
}

/** What is to be seen of a value. With `needle` (in small letters) only what holds it, open wherever it does. */
export function rowsOf(value: Json, folds: Folds, needle = ""): Row[] {
  const root: Row = { name: null, value, depth: -1, parent: null, size: sizeOf(value), isOpen: true };
  if (root.size === null) return [{ ...root, depth: 0 }];
  const rows: Row[] = [];
  if (needle) search(root, needle, rows);
  else walk(root, "", folds, rows);
  return rows;
}

const childrenOf = (value: Json): [string | number, Json][] =>
  Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value as { [key: string]: Json });

function walk(row: Row, place: string, folds: Folds, rows: Row[]): void {
  for (const [name, value] of childrenOf(row.value)) {
    const depth = row.depth + 1;
    const size = sizeOf(value);
    const child: Row = { name, value, depth, parent: row, size, isOpen: false };
    rows.push(child);
    if (size === null) continue;
    const own = folds.size === 0 ? "" : placeOf(child);
    child.isOpen = folds.get(own) ?? (depth < OPEN_DEPTH && size <= OPEN_SIZE && isSmall(row));
    if (child.isOpen) walk(child, place, folds, rows);
  }
}

/** Among very many, none is open by itself. */
const isSmall = ({ size }: Row): boolean => (size ?? 0) <= OPEN_SIZE;

/** Puts the rows below `row` that hold the needle; says whether there are any. */
function search(row: Row, needle: string, rows: Row[]): boolean {
  let isFound = false;
  for (const [name, value] of childrenOf(row.value)) {
    const size = sizeOf(value);
    const child: Row = { name, value, depth: row.depth + 1, parent: row, size, isOpen: true };
    const at = rows.length;
    rows.push(child);
    const isNamed = String(name).toLowerCase().includes(needle);
    const isInside =
      size === null ? String(value).toLowerCase().includes(needle) : search(child, needle, rows);
    if (isNamed || isInside) {
      if (size !== null && !isInside) child.isOpen = false;
      isFound = true;
    } else rows.length = at;
  }
  return isFound;
}

/** A plain value in one line. */
export function plain(value: Json, longest = 300): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

export const kindOf = (value: Json): "string" | "number" | "keyword" =>
  typeof value === "string" ? "string" : typeof value === "number" ? "number" : "keyword";

/** How many things are inside, in words. */
export function sizeWords(value: Json, size: number): string {
  const count = size.toLocaleString("en");
  if (Array.isArray(value)) return `${count} ${size === 1 ? "item" : "items"}`;
  return `${count} ${size === 1 ? "key" : "keys"}`;
}

/** A value as text that is copied: texts as they are. */
export const copyOf = (value: Json): string =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

/** A JSON text, cut where drawing more would take too long. */
export function cutJson(value: Json, longest = 200_000): { text: string; isCut: boolean } {
  const text = JSON.stringify(value, null, 2);
  return text.length > longest ? { text: text.slice(0, longest), isCut: true } : { text, isCut: false };
}
