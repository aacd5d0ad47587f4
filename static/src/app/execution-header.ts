import htmx from "htmx.org";
import { problemToast } from "./problems.ts";
import { showToast } from "./toasts.ts";

const parts = ["execution-status", "execution-actions", "execution-notice"];

async function refresh(): Promise<void> {
  const url = new URL(location.href);
  url.searchParams.set("fragment", "header");
  const response = await fetch(url, { headers: { "HX-Request": "true" } });
  const text = await response.text();
  if (!response.ok) {
    showToast(problemToast(response.status, response.headers.get("Content-Type"), text));
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const id of parts) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (!fresh || !old) continue;
    const element = document.importNode(fresh, true);
    old.replaceWith(element);
    htmx.process(element);
  }
}

/** The canvas says on `document` that the execution's status changed; the server draws badge and buttons anew. */
export function startExecutionHeader(): void {
  let last: string | undefined;
  document.addEventListener("execution:status", (event) => {
    const { status } = (event as CustomEvent<{ status: string }>).detail;
    if (status === last) return;
    last = status;
    void refresh();
  });
}
