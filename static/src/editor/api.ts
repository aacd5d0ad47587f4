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
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      ...(isLast ? { keepalive: true } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
  const answer: unknown = isJson ? await response.json() : undefined;
  if (response.ok) return answer as T;
  const found = (answer ?? {}) as Record<string, Json>;
  const text = (key: string): string => (typeof found[key] === "string" ? found[key] : "");
  throw new Problem(
    response.status,
    text("code"),
    text("title") || `The server answered ${response.status}.`,
    text("detail"),
    text("hint"),
    (Array.isArray(found.errors) ? found.errors : []) as { path: string; message: string }[],
    found,
  );
}

/** The token as it is now, for somebody may have signed in anew; else the page's own, which htmx reads. */
function csrfToken(): string {
  const kept = /(?:^|; )(?:__Host-)?agentflow_csrf=([^;]+)/.exec(document.cookie)?.[1];
  if (kept) return kept;
  const headers = document.body.getAttribute("hx-headers") ?? "{}";
  return (JSON.parse(headers) as Record<string, string>)["X-CSRFToken"] ?? "";
}
