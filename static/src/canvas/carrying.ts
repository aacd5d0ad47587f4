/** What a connection says of itself: when it leads on, and what it makes of what it carries. */

import { isObject } from "./summarize.ts";
import type { ConnectionDocument, Json } from "./types.ts";

export interface Mapped {
  /** In a few words: "3 fields". */
  words: string;
  /** One line per part, from where and to where. */
  rows: { to: string; from: string; notes: string[] }[];
  /** What it is made of, where that is no list of fields. */
  value?: Json;
}

/** What arrives, in words; null where it is what the other step gave. */
export function mapped(connection: ConnectionDocument): Mapped | null {
  const mapping = connection.mapping;
  if (!isObject(mapping) || mapping.mode === "direct") return null;
  if (mapping.mode === "expression")
    return { words: "an expression", rows: [], value: mapping.expression ?? null };
  if (mapping.mode === "template") return { words: "a template", rows: [], value: mapping.template ?? null };
  const fields = Array.isArray(mapping.fields) ? mapping.fields.filter(isObject) : [];
  return {
    words: fields.length === 1 ? "1 field" : `${fields.length} fields`,
    rows: fields.map((field) => ({
      to: String(field.to ?? ""),
      from: typeof field.from === "string" && field.from !== "" ? field.from : "all of it",
      notes: [
        ...(field.required === true ? ["required"] : []),
        ...(typeof field.transform === "string" ? [field.transform] : []),
        ...(field.default === undefined || field.default === null
          ? []
          : [`else ${typeof field.default === "string" ? field.default : JSON.stringify(field.default)}`]),
      ],
    })),
  };
}

/** Whether there is something to say. */
export function says(connection: ConnectionDocument): boolean {
  return Boolean(connection.condition) || mapped(connection) !== null;
}

/** The same in one sentence, for the mark on the connection. */
export function sentence(connection: ConnectionDocument): string {
  const made = mapped(connection);
  return [connection.condition ? `Only if ${connection.condition}` : "", made ? `Makes ${made.words}` : ""]
    .filter(Boolean)
    .join(". ");
}
