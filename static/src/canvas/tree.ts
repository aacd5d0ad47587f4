import { isObject } from "./summarize.ts";
import type { Json } from "./types.ts";

/** Whether a value, its keys or anything inside matches what is searched for. Case does not matter. */
export function matches(key: string, value: Json, needle: string): boolean {
  if (key.toLowerCase().includes(needle)) return true;
  if (Array.isArray(value)) return value.some((item, index) => matches(String(index), item, needle));
  if (isObject(value)) return Object.entries(value).some(([name, item]) => matches(name, item, needle));
  return String(value).toLowerCase().includes(needle);
}

/** The path of a value as an expression reaches it: `body.items[0].sku`, `body["odd key"]`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (/^[A-Za-z_]\w*$/.test(key)) return path === "" ? key : `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
}

/** The columns of a list of objects, in the order they first occur; null when it is no such list. */
export function columnsOf(value: Json | undefined): string[] | null {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return null;
  const columns = new Set<string>();
  for (const row of value) for (const key of Object.keys(row as Record<string, Json>)) columns.add(key);
  return [...columns];
}

/** The list a table can show: the value itself or the largest list of objects one or two levels inside. */
export function tableOf(
  value: Json | undefined,
): { path: string; rows: Record<string, Json>[]; columns: string[] } | null {
  const own = columnsOf(value);
  if (own && Array.isArray(value)) return { path: "", rows: value as Record<string, Json>[], columns: own };
  let best: ReturnType<typeof tableOf> = null;
  const look = (inner: Json, path: string, depth: number): void => {
    const columns = columnsOf(inner);
    if (columns && Array.isArray(inner) && inner.length > (best?.rows.length ?? 0))
      best = { path, rows: inner as Record<string, Json>[], columns };
    if (depth < 2 && isObject(inner))
      for (const [key, item] of Object.entries(inner)) look(item, childPath(path, key), depth + 1);
  };
  if (isObject(value)) look(value, "", 0);
  return best;
}
