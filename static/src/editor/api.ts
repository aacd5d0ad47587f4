/** Requests of the editor. Every one names the workspace; refusals come as `Problem`. */

import type { Json } from "../canvas/types.ts";

/** What the server refused, in its own words (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly hint: string,
    readonly errors: readonly { path: string; message: string; hint?: string }[],
    /** The whole document, for members of its own. */
    readonly body: Record<string, Json>,
    /** How long the server asks to wait, in seconds; null: it does not say. */
    readonly wait: number | null = null,
  ) {
    super([detail || title, hint].filter(Boolean).join(" "));
  }
}

/** Nobody answered: no network, or the server is away. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
  }
}

/**
 * One request to the API; gives the answer's JSON, undefined where there is none. Raises `Problem`, `Unreachable`.
 * `isLast`: it is sent even though the page is being left, up to 64 KB.
 */
export async function ask<T>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  url: string,
  body?: unknown,
  signal?: AbortSignal,
  isLast = false,
): Promise<T> {
  const workspace = document.documentElement.dataset.workspace;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (workspace) headers["X-Workspace"] = workspace;
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const text = body === undefined ? null : JSON.stringify(body);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(text === null ? {} : { body: text }),
      ...(signal ? { signal } : {}),
      ...(isLast ? { keepalive: true } : {}),
    });
    // The connection may break in the middle of the answer, too.
    const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
    answer = isJson ? await response.json() : undefined;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (response.ok) return answer as T;
  const found = (answer ?? {}) as Record<string, Json>;
  const said = (key: string): string => (typeof found[key] === "string" ? found[key] : "");
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  throw new Problem(
    response.status,
    said("code"),
    said("title") || `The server answered ${response.status}.`,
    said("detail"),
    said("hint"),
    (Array.isArray(found.errors) ? found.errors : []) as { path: string; message: string }[],
    found,
    Number.isFinite(wait) ? wait : null,
  );
}

/** The token as it is now, for somebody may have signed in anew; else the page's own, which htmx reads. */
function csrfToken(): string {
  const kept = /(?:^|; )(?:__Host-)?agentflow_csrf=([^;]+)/.exec(document.cookie)?.[1];
  if (kept) return kept;
  const headers = document.body.getAttribute("hx-headers") ?? "{}";
  return (JSON.parse(headers) as Record<string, string>)["X-CSRFToken"] ?? "";
}
