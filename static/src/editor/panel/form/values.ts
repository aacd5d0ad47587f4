/** Changes of the values in a form. A member without a value is left out, so that its default holds. Pure. */

import { isObject } from "../../../canvas/summarize.ts";
import type { Json } from "../../../canvas/types.ts";
import type { Control, Field, Schema, Source } from "./schema.ts";
import { membersOf } from "./schema.ts";

export const objectOf = (value: Json | undefined): Schema => (isObject(value) ? value : {});
export const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

export function withMember(value: Json | undefined, name: string, next: Json | undefined): Schema {
  const now = objectOf(value);
  if (next !== undefined) return { ...now, [name]: next };
  const { [name]: _gone, ...rest } = now;
  return rest;
}

export const withItem = (value: readonly Json[], at: number, next: Json): Json[] =>
  value.map((item, index) => (index === at ? next : item));

export const withoutItem = (value: readonly unknown[], at: number): Json[] =>
  value.filter((_, index) => index !== at) as Json[];

/** The list with one thing at another place. */
export function moved<T>(value: readonly T[], from: number, to: number): T[] {
  const rest = value.filter((_, index) => index !== from);
  const thing = value[from];
  if (thing === undefined || to < 0 || to >= value.length) return [...value];
  return [...rest.slice(0, to), thing, ...rest.slice(to)];
}

/** What a new row, or an object that is switched on, begins with. */
export function emptyOf(field: Field, source: Source): Json {
  const { control } = field;
  if (control.kind === "group") {
    const known = membersOf(control.schema, source).filter(({ isRequired }) => isRequired);
    const fixed = known.filter(({ field: { schema } }) => "const" in schema);
    return Object.fromEntries(fixed.map(({ name, field: { schema } }) => [name, schema.const ?? null]));
  }
  if (control.kind === "kinds") return { [control.tag]: control.kinds[0]?.value ?? "" };
  if (field.default !== undefined) return field.default;
  return startOf(control);
}

function startOf(control: Control): Json {
  if (control.kind === "number") return control.least ?? 0;
  if (control.kind === "switch") return false;
  if (control.kind === "choice") return control.options[0]?.value ?? "";
  if (["several", "tags", "rows"].includes(control.kind)) return [];
  if (control.kind === "pairs") return {};
  if (control.kind === "json") return control.shape === "list" ? [] : control.shape === "object" ? {} : "";
  return "";
}

/** The value of another member of the object in which the value at `path` stands: "params.steps[0].code". */
export function beside(whole: Json, path: string, name: string): Json | undefined {
  const steps = path.match(/[^.[\]]+/g) ?? [];
  let at: Json | undefined = whole;
  for (const step of steps.slice(0, -1))
    at = Array.isArray(at) ? at[Number(step)] : isObject(at) ? at[step] : undefined;
  return isObject(at) ? at[name] : undefined;
}

/** The object as another kind of it: what both kinds have is kept. */
export function asKind(value: Json | undefined, tag: string, kind: string, schema: Schema): Schema {
  const known = objectOf(schema.properties);
  const kept = Object.entries(objectOf(value)).filter(([name]) => name !== tag && name in known);
  return { [tag]: kind, ...Object.fromEntries(kept) };
}

/** Which of the ways of a union a value goes; the first where none fits. */
export function wayOf(value: Json | undefined, ways: readonly Field[]): number {
  if (value === undefined) return 0;
  const at = ways.findIndex(({ control }) => fits(value, control));
  return Math.max(at, 0);
}

function fits(value: Json | undefined, control: Control): boolean {
  switch (control.kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "switch":
      return typeof value === "boolean";
    case "choice":
      return control.options.some((option) => option.value === value);
    case "several":
    case "tags":
    case "rows":
      return Array.isArray(value);
    case "json":
      return control.shape === "any" || (control.shape === "list") === Array.isArray(value);
    default:
      return isObject(value);
  }
}

/** Whether nothing is there that could do for a required value. */
export const isMissing = (value: Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "");

export type Plain = "text" | "number" | "yes" | "nothing" | "json";

/** What a value that may be anything is now. */
export function plainOf(value: Json | undefined): Plain {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "yes";
  return value === null || value === undefined ? "nothing" : "json";
}

/** The value as another kind of value, with as much of it as that kind can hold. */
export function asPlain(value: Json | undefined, kind: Plain): Json {
  if (kind === "nothing") return null;
  if (kind === "text") return typeof value === "string" ? value : value == null ? "" : JSON.stringify(value);
  if (kind === "number") return Number.isFinite(Number(value)) ? Number(value ?? 0) : 0;
  if (kind === "yes") return value === true || value === "true";
  if (typeof value === "object" && value !== null) return value;
  try {
    const parsed = JSON.parse(String(value ?? "{}")) as Json;
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The first sentence of a help text, and what comes behind it. */
export function firstSentence(help: string): [string, string] {
  const line = help.replace(/\s+/g, " ").trim();
  // A full stop ends a sentence where a capital, a code or a bracket follows; not inside of `code`.
  let inCode = false;
  for (let at = 0; at < line.length - 2; at++) {
    if (line[at] === "`") inCode = !inCode;
    if (!inCode && line[at] === "." && line[at + 1] === " " && /[A-Z`({“]/.test(line[at + 2] ?? ""))
      return [line.slice(0, at + 1), line.slice(at + 2)];
  }
  return [line, ""];
}
