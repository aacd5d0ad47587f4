/**
 * A JSON Schema as a form: what each value is asked with. Nothing here knows a node type; labels, groups and conditions
 * come along with the schema (`x-…`, declared beside the parameter). Levels are read one by one, so that a schema may
 * refer to itself. Pure.
 */

import { isObject } from "../../../canvas/summarize.ts";
import type { Json } from "../../../canvas/types.ts";

export type Schema = { [key: string]: Json };

export interface Option {
  value: Json;
  label: string;
}

/** One of several shapes an object can have; `tag` says which one it has. */
export interface Kind {
  value: string;
  label: string;
  help: string;
  schema: Schema;
}

export type Control =
  | { kind: "text"; isMultiline: boolean; isSecret: boolean; longest?: number; widget: string }
  | { kind: "number"; isWhole: boolean; least?: number; above?: number; most?: number; unit: string }
  | { kind: "switch" }
  | { kind: "choice"; options: Option[] }
  | { kind: "several"; options: Option[] }
  | { kind: "tags"; item: Field; most?: number }
  | { kind: "rows"; item: Field; least: number; most?: number }
  | { kind: "pairs"; value: Field }
  | { kind: "group"; schema: Schema }
  | { kind: "kinds"; tag: string; kinds: Kind[] }
  | { kind: "either"; ways: Field[] }
  /** `none`: what says that there is no credential. `text`: a secret may stand there instead. */
  | { kind: "credential"; use: string; none?: Json; text?: Field }
  | { kind: "json"; shape: "any" | "object" | "list" };

export interface Field {
  label: string;
  help: string;
  control: Control;
  default: Json | undefined;
  isNullable: boolean;
  takesExpressions: boolean;
  isCondition: boolean;
  /** What the schema says, references followed: for fields that hand it on. */
  schema: Schema;
}

export interface Member {
  name: string;
  field: Field;
  isRequired: boolean;
  /** Folded together under this heading; "": not folded. */
  group: string;
  when: Readonly<Record<string, readonly Json[]>>;
  /** Of those with the same words here at most one is set. */
  oneOf: string;
}

/** Everything that is known of the schemas a field stands in. */
export interface Source {
  defs: Schema;
}

export const sourceOf = (root: Json | undefined): Source => ({
  defs: isObject(root) && isObject(root.$defs) ? root.$defs : {},
});

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const count = (value: Json | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** The schema with its references followed; what stands beside a reference counts more than what it leads to. */
export function resolved(schema: Json | undefined, { defs }: Source): Schema {
  let found: Schema = isObject(schema) ? schema : {};
  for (let hops = 0; typeof found.$ref === "string" && hops < 20; hops++) {
    const { $ref, ...beside } = found;
    const target = defs[text($ref).slice(text($ref).lastIndexOf("/") + 1)];
    found = { ...(isObject(target) ? target : {}), ...beside };
  }
  return found;
}

const isNull = (schema: Schema): boolean => schema.type === "null" || schema.const === null;

/** The branches of a union, without null. */
function branchesOf(schema: Schema, source: Source): { branches: Schema[]; isNullable: boolean } {
  const given = [...list(schema.anyOf), ...list(schema.oneOf)].map((part) => resolved(part, source));
  const types = list(schema.type);
  if (given.length === 0 && types.length > 0) {
    const branches = types.filter((type) => type !== "null").map((type) => ({ ...schema, type }));
    return { branches, isNullable: types.includes("null") };
  }
  return { branches: given.filter((branch) => !isNull(branch)), isNullable: given.some(isNull) };
}

export function fieldOf(given: Json | undefined, source: Source, name = ""): Field {
  const outer = resolved(given, source);
  const { branches, isNullable } = branchesOf(outer, source);
  const only = branches.length === 1 ? branches[0] : undefined;
  const { anyOf: _any, oneOf: _one, ...hints } = outer;
  // A union of one thing and null is that thing; its own words stand outside of the union.
  const schema: Schema = only ? { ...only, ...hints, ...typeOf(only) } : outer;
  const marks = [outer, ...branches];
  return {
    label: labelIn(outer, name),
    help: text(outer.description),
    control: controlOf(schema, only ? [] : branches, source),
    default: outer.default,
    isNullable,
    takesExpressions: marks.some((mark) => mark["x-expression"] === true),
    isCondition: marks.some((mark) => mark["x-condition"] === true),
    schema: outer,
  };
}

/** Titles that a schema made of a name by itself ("Test Url") say less than the name. */
function labelIn(schema: Schema, name: string): string {
  const title = text(schema.title);
  const made = name.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return title && title !== made.join(" ") ? title : words(name) || title;
}

const typeOf = (schema: Schema): Schema => (schema.type === undefined ? {} : { type: schema.type });

function controlOf(schema: Schema, branches: readonly Schema[], source: Source): Control {
  if (branches.length > 1) return unionOf(schema, branches, source);
  if (typeof schema["x-credential"] === "string") return { kind: "credential", use: schema["x-credential"] };
  if (Array.isArray(schema.enum)) return { kind: "choice", options: optionsOf(schema.enum, schema) };
  if ("const" in schema) return { kind: "choice", options: optionsOf([schema.const ?? null], schema) };
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
    case "number":
      return numberOf([schema]);
    case "boolean":
      return { kind: "switch" };
    case "array":
      return listOf(schema, source);
    case "object":
      return objectOf(schema, source);
    default:
      if (isObject(schema.properties)) return { kind: "group", schema };
      return { kind: "json", shape: "any" };
  }
}

function textOf(schema: Schema): Control {
  const widget = text(schema["x-widget"]);
  const longest = count(schema.maxLength);
  return {
    kind: "text",
    isMultiline: widget === "lines" || (longest !== undefined && longest > 10_000),
    isSecret: schema.writeOnly === true || schema.format === "password",
    ...(longest === undefined ? {} : { longest }),
    widget,
  };
}

function numberOf(schemas: readonly Schema[]): Control {
  const first = schemas[0] ?? {};
  const least = count(first.minimum);
  const above = count(first.exclusiveMinimum);
  const most = count(first.maximum) ?? count(first.exclusiveMaximum);
  return {
    kind: "number",
    isWhole: schemas.every(({ type }) => type === "integer"),
    ...(least === undefined ? {} : { least }),
    ...(above === undefined ? {} : { above }),
    ...(most === undefined ? {} : { most }),
    unit: text(first["x-unit"]),
  };
}

function listOf(schema: Schema, source: Source): Control {
  const most = count(schema.maxItems);
  const item = fieldOf(schema.items, source);
  const { control } = item;
  const isKnown = isObject(schema.items) && Object.keys(schema.items).length > 0;
  if (!isKnown) return { kind: "json", shape: "list" };
  if (control.kind === "choice") return { kind: "several", options: control.options };
  if ((control.kind === "text" || control.kind === "number") && !item.takesExpressions)
    return { kind: "tags", item, ...(most === undefined ? {} : { most }) };
  return { kind: "rows", item, least: count(schema.minItems) ?? 0, ...(most === undefined ? {} : { most }) };
}

function objectOf(schema: Schema, source: Source): Control {
  if (isObject(schema.properties) && Object.keys(schema.properties).length > 0)
    return { kind: "group", schema };
  const more = schema.additionalProperties;
  if (isObject(more)) return { kind: "pairs", value: fieldOf(more, source) };
  // Names with any values: pairs where there are to be few of them, else a document of its own.
  if (count(schema.maxProperties) !== undefined) return { kind: "pairs", value: fieldOf({}, source) };
  return { kind: "json", shape: "object" };
}

const SCALARS: ReadonlySet<Json | undefined> = new Set(["string", "integer", "number", "boolean"]);

function unionOf(schema: Schema, branches: readonly Schema[], source: Source): Control {
  const named = branches.find((branch) => typeof branch["x-credential"] === "string");
  if (named && branches.length === 2) {
    const other = branches.find((branch) => branch !== named) ?? {};
    const use = text(named["x-credential"]);
    if (other.type === "string")
      return { kind: "credential", use, text: fieldOf({ ...other, writeOnly: true }, source) };
    const none = onlyValueOf(other);
    if (none) return { kind: "credential", use, none };
  }
  const tag = tagOf(schema, branches);
  if (tag) return { kind: "kinds", tag, kinds: branches.map((branch) => kindOf(branch, tag)) };
  if (branches.every(({ type }) => type === "integer" || type === "number")) return numberOf(branches);
  // Texts that may be numbers, numbers that may be expressions: what comes first is what is asked for.
  if (branches.every((branch) => SCALARS.has(branch.type))) {
    if (branches.every((branch) => Array.isArray(branch.enum)))
      return { kind: "choice", options: branches.flatMap((branch) => optionsOf(list(branch.enum), branch)) };
    return controlOf({ ...branches[0], ...hintsOf(schema) }, [], source);
  }
  return {
    kind: "either",
    ways: branches.map((branch) => {
      const field = fieldOf(branch, source);
      return { ...field, label: field.label || nameOf(field.control) };
    }),
  };
}

const hintsOf = (schema: Schema): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key.startsWith("x-")));

/** The member that tells the branches of a union apart: the one that is said to, or one that is fixed in all. */
function tagOf(schema: Schema, branches: readonly Schema[]): string | null {
  const said = isObject(schema.discriminator) ? text(schema.discriminator.propertyName) : "";
  const fixed = (branch: Schema, name: string): boolean => {
    const member = isObject(branch.properties) ? branch.properties[name] : undefined;
    return isObject(member) && typeof member.const === "string";
  };
  const first = branches[0]?.properties;
  const names = said ? [said] : isObject(first) ? Object.keys(first) : [];
  return names.find((name) => branches.every((branch) => fixed(branch, name))) ?? null;
}

function kindOf(branch: Schema, tag: string): Kind {
  const properties = isObject(branch.properties) ? branch.properties : {};
  const member = isObject(properties[tag]) ? properties[tag] : {};
  const value = text(member.const);
  const { [tag]: _tag, ...rest } = properties;
  return {
    value,
    label: labelOf(value, member),
    help: text(member.description) || text(branch.description),
    schema: { ...branch, properties: rest, required: list(branch.required).filter((name) => name !== tag) },
  };
}

/** The one value an object can have that has nothing but fixed members. */
function onlyValueOf(schema: Schema): Json | undefined {
  if (!isObject(schema.properties)) return undefined;
  const members = Object.entries(schema.properties);
  if (!members.every(([, member]) => isObject(member) && "const" in member)) return undefined;
  return Object.fromEntries(members.map(([name, member]) => [name, (member as Schema).const ?? null]));
}

const nameOf = (control: Control): string =>
  ({
    text: "Text",
    number: "Number",
    switch: "Yes or no",
    choice: "Choice",
    several: "Choices",
    tags: "List",
    rows: "List",
    pairs: "Names and values",
    group: "Object",
    kinds: "Object",
    either: "Value",
    credential: "Credential",
    json: "JSON",
  })[control.kind];

const optionsOf = (values: readonly Json[], schema: Schema): Option[] =>
  values.map((value) => ({ value, label: labelOf(value, schema) }));

function labelOf(value: Json, schema: Schema): string {
  const given = isObject(schema["x-words"]) ? schema["x-words"][String(value)] : undefined;
  return text(given) || words(String(value));
}

const SHORT = /\b(url|http|html|json|id|ip|api|csv|xml|hmac)\b/gi;

/** A name as words: `by_source` is "By source"; what has capitals is left as it is. */
export function words(name: string): string {
  if (name !== name.toLowerCase()) return name;
  const spaced = name.replace(/[_-]+/g, " ").trim();
  return (spaced.charAt(0).toUpperCase() + spaced.slice(1)).replace(SHORT, (word) => word.toUpperCase());
}

/** The members of an object, in the order they are declared. */
export function membersOf(schema: Schema, source: Source): Member[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const needed = new Set(list(schema.required));
  return Object.entries(properties).map(([name, given]) => {
    const field = fieldOf(given, source, name);
    const when = isObject(field.schema["x-when"]) ? field.schema["x-when"] : {};
    return {
      name,
      field,
      isRequired: needed.has(name),
      group: text(field.schema["x-group"]),
      when: Object.fromEntries(Object.entries(when).map(([other, values]) => [other, list(values)])),
      oneOf: text(field.schema["x-one-of"]),
    };
  });
}

/** Whether a member is asked for, given the others. One that is set is asked for in any case: nothing hides. */
export function isAsked(member: Member, value: Schema, members: readonly Member[]): boolean {
  return value[member.name] !== undefined || isInPlace(member, value, members);
}

/** Whether what others say lets this member count. Expressions can come to anything. */
export function isInPlace(member: Member, value: Schema, members: readonly Member[]): boolean {
  return Object.entries(member.when).every(([other, allowed]) => {
    const now = value[other] ?? members.find(({ name }) => name === other)?.field.default ?? null;
    return allowed.includes(now) || (typeof now === "string" && now.includes("{{"));
  });
}

/** What of a document no field stands for; it is kept, and shown as it is. */
export function unknownMembers(value: Schema, members: readonly Member[], also = ""): Schema {
  const known = new Set([...members.map(({ name }) => name), also]);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !known.has(name)));
}
