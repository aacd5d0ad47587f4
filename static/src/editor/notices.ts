/** What is said at the bottom left of the page, for all parts of the editor. */

import { Problem, Unreachable } from "./api.ts";

export type Tone = "success" | "error" | "warning" | "info";

/** One line, and with `detail` a second one. Errors stay until somebody closes them. */
export function say(text: string, tone: Tone = "info", detail?: string): void {
  document.dispatchEvent(new CustomEvent("toast", { detail: { tone, text, detail } }));
}

/** What failed, in the server's words where it has some. */
export function sayRefused(what: string, error: unknown): void {
  say(what, "error", reasonOf(error));
}

/** Why something failed, and what to do about it. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unreachable) return `${error.message} Try again when the connection is back.`;
  if (error instanceof Problem) return error.message;
  return error instanceof Error ? error.message : String(error);
}
