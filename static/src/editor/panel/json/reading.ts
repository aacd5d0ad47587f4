/** JSON between what is typed and what is kept. Pure. */

import type { Json } from "../../../canvas/types.ts";

export type Shape = "any" | "object" | "list";

export const writeJson = (value: Json | undefined): string =>
  value === undefined || value === null ? "" : JSON.stringify(value, null, 2);

/** What a text says; nothing where it is empty. `fault` says why it cannot be kept; "": it can. */
export function readJson(text: string, shape: Shape): { value: Json | undefined; fault: string } {
  if (text.trim() === "") return { value: undefined, fault: "" };
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return { value: undefined, fault: `Not kept yet: ${placed(String((error as Error).message), text)}` };
  }
  const isList = Array.isArray(value);
  if (shape === "object" && (isList || typeof value !== "object" || value === null))
    return { value, fault: "Not kept yet: this must be an object, { … }." };
  if (shape === "list" && !isList) return { value, fault: "Not kept yet: this must be a list, [ … ]." };
  return { value, fault: "" };
}

/** What the browser says about a text that is no JSON, with line and column. */
function placed(message: string, text: string): string {
  const said = /at position (\d+)/.exec(message);
  const at = said?.[1] === undefined ? text.length : Number(said[1]);
  const before = text.slice(0, at).split("\n");
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1];
  if (/end of JSON|Unterminated/i.test(message)) return "it is not finished.";
  return `line ${line}, column ${column} is no JSON.`;
}
