/** Values in few words, and where they stand: for lists that complete and explain. Pure. */

import type { Json } from "../../canvas/types.ts";

/** The types by their names in the language. */
export type Kind = "text" | "number" | "boolean" | "list" | "object" | "empty";

export function kindOf(value: Json | undefined): Kind {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  return typeof value === "boolean" ? "boolean" : "object";
}

const LONGEST = 28;
const DATE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$/;

/** A text that dates are made of. */
export const isDate = (value: Json | undefined): boolean => typeof value === "string" && DATE.test(value);

/** The value in one short line. */
export function brief(value: Json | undefined, longest = LONGEST): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length} items`;
  if (typeof value === "object" && value !== null) {
    const size = Object.keys(value).length;
    return size === 1 ? "1 key" : `${size} keys`;
  }
  const text = typeof value === "string" ? value.replace(/\s+/g, " ") : String(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** The path of a member as expressions write it: `.name`, `["odd key"]`, `[0]`. */
export function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

export interface Place {
  path: string;
  /** The last part of the path. */
  key: string;
  value: Json;
}

/** Everything inside a value, what is near the top first; of lists what is in their first item. */
export function placesIn(value: Json | undefined, path: string, deepest = 4, most = 400): Place[] {
  const found: Place[] = [];
  let level: { value: Json | undefined; path: string }[] = [{ value, path }];
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const each of level)
      for (const [key, inner] of membersOf(each.value)) {
        if (found.length >= most) return found;
        const place = { path: each.path + step(key), key: String(key), value: inner };
        if (typeof key === "string") found.push(place);
        next.push(place);
      }
    level = next;
  }
  return found;
}

function membersOf(value: Json | undefined): [string | number, Json][] {
  if (Array.isArray(value)) return value[0] === undefined ? [] : [[0, value[0]]];
  return value !== null && typeof value === "object" ? Object.entries(value) : [];
}
