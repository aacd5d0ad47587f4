import { duration } from "../app/words.ts";
import type { Json, NodeDocument, NodeTypeEntry } from "./types.ts";

const PLACEHOLDER = /\{([A-Za-z_][\w.]*)\}/g;

/**
 * The second line of a card: what the node will do. Driven by the type's `summary_template`, in which `{name}` or
 * `{name.part}` stands for a parameter; without one, or when it names nothing that is set, the type's name.
 *
 * `{url.path}` and `{url.host}` take a part of an address; lengths (`…seconds`) are said in units.
 */
export function summarize(node: NodeDocument, entry: NodeTypeEntry | undefined): string {
  const name = entry?.name ?? node.subtype;
  const template = entry?.summary_template;
  if (!template) return name;
  let isSaid = !PLACEHOLDER.test(template);
  PLACEHOLDER.lastIndex = 0;
  const params = withDefaults(node, entry);
  const text = template.replace(PLACEHOLDER, (_, path: string) => {
    const value = say(lookUp(params, path.split(".")), path);
    if (value) isSaid = true;
    return value;
  });
  const line = text.replace(/\s+/g, " ").trim();
  return isSaid && line ? line : name;
}

/** The model an agent asks, in words; empty where none is chosen. It is the parameter that is asked for as a model. */
export function modelOf(node: NodeDocument, entry: NodeTypeEntry | undefined): string {
  const schema = entry?.params_schema;
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {};
  const name = Object.keys(properties).find((key) => {
    const property = properties[key];
    return isObject(property) && property["x-widget"] === "model";
  });
  return say(withDefaults(node, entry)[name ?? "model"], "");
}

/** Stored parameters over the defaults of the type's schema. */
function withDefaults(node: NodeDocument, entry: NodeTypeEntry | undefined): Record<string, Json> {
  const params: Record<string, Json> = {};
  const schema = entry?.params_schema;
  if (isObject(schema) && isObject(schema.properties))
    for (const [name, property] of Object.entries(schema.properties))
      if (isObject(property) && property.default !== undefined) params[name] = property.default;
  return { ...params, ...node.params };
}

function lookUp(value: Json | undefined, path: string[]): Json | undefined {
  const [key, ...rest] = path;
  if (key === undefined || value === undefined || value === null) return value;
  if (typeof value === "string") return partOfAddress(value, key);
  if (Array.isArray(value)) return key === "length" ? value.length : lookUp(value[Number(key)], rest);
  return isObject(value) ? lookUp(value[key], rest) : undefined;
}

/** A part of an address, also when expressions stand in it. */
function partOfAddress(address: string, part: string): string {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^?#]*)/i.exec(address);
  if (!match) return address;
  return part === "host" ? (match[1] ?? "") : match[2] || "/";
}

function say(value: Json | undefined, path: string): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "number") return /(^|_)seconds$/.test(path) ? duration(value * 1000) : String(value);
  if (typeof value === "string") {
    const text = plain(value);
    return /^https?:\/\//i.test(text) ? shortAddress(text) : text;
  }
  if (Array.isArray(value))
    return value
      .map((item) => say(labelOf(item), ""))
      .filter(Boolean)
      .join(", ");
  if (!isObject(value)) return String(value);
  return lengthOf(value) ?? say(labelOf(value), "");
}

const UNITS: Record<string, number> = { days: 86_400, hours: 3600, minutes: 60, seconds: 1 };

/** An object that says a length of time in parts, as `{"minutes": 5}`, in words. */
function lengthOf(value: { [key: string]: Json }): string | null {
  const parts = Object.entries(value);
  if (parts.length === 0 || !parts.every(([unit, count]) => unit in UNITS && typeof count === "number"))
    return null;
  return duration(parts.reduce((sum, [unit, count]) => sum + (UNITS[unit] ?? 0) * Number(count), 0) * 1000);
}

/** What stands for an object in a list: its name, else its first text. */
function labelOf(value: Json): Json {
  if (!isObject(value)) return value;
  for (const key of ["name", "label", "title", "port"]) if (typeof value[key] === "string") return value[key];
  return Object.values(value).find((item) => typeof item === "string") ?? null;
}

function shortAddress(address: string): string {
  const path = partOfAddress(address, "path");
  return path === "/" ? partOfAddress(address, "host") : path;
}

/** A text as a person would say it: `{{ $json.total > 1000 }}` is "total > 1000", `Ship {{ $json.id }}?` is "Ship …?". */
export function plain(text: string): string {
  const whole = /^\s*\{\{([\s\S]*?)\}\}\s*$/.exec(text);
  return (whole?.[1] !== undefined ? shortenCode(whole[1].trim()) : text.replace(/\{\{[\s\S]*?\}\}/g, "…"))
    .replace(/\s+/g, " ")
    .trim();
}

function shortenCode(code: string): string {
  return code
    .replace(/\$node\[(["'])(.*?)\1\]\.?/g, "")
    .replace(/\$(json|trigger|input\.\w+)\.(body\.)?/g, "")
    .trim();
}

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
