import type { Toast } from "./toasts.ts";

/** An error document as the API writes it (RFC 9457). */
export interface Problem {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  hint?: string;
  errors?: { path: string; message: string }[];
}

export const isProblem = (contentType: string | null): boolean =>
  contentType?.startsWith("application/problem+json") ?? false;

/** What a person reads of a failed request: title, then detail, the first field's error and the hint. */
export function problemToast(status: number, contentType: string | null, body: string): Toast {
  if (isProblem(contentType)) {
    const problem = JSON.parse(body) as Problem;
    const first = problem.errors?.[0];
    const details = [problem.detail, first && `${first.path}: ${first.message}`, problem.hint].filter(
      (line): line is string => Boolean(line) && line !== problem.title,
    );
    return {
      tone: "error",
      text: problem.title ?? `The server answered ${status}`,
      detail: [...new Set(details)].join(" "),
    };
  }
  if (status === 403)
    return { tone: "error", text: "You may not do this", detail: "Ask an owner or admin of the workspace." };
  if (status === 404)
    return { tone: "error", text: "This is not there any more", detail: "Reload the page to see what is." };
  return {
    tone: "error",
    text: `The server answered ${status}`,
    detail: "Nothing was changed. Try again in a moment.",
  };
}
