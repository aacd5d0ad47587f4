import { isProblem, problemToast } from "./problems.ts";
import { showToast } from "./toasts.ts";

const QUIET_MS = 200;
const NEAR_END = 120;

interface Message {
  changes?: { status?: string }[];
}

/**
 * A log that goes on: `<ol id="log" data-events data-following data-last>`. The event stream only says that something
 * has changed, and never what anybody wrote; the lines after the last one are then asked for and put beneath it.
 */
export function startLog(): void {
  let source = begin();
  document.addEventListener("results:swapped", () => {
    source?.close();
    source = begin();
  });
}

function begin(): EventSource | undefined {
  const found = document.getElementById("log");
  if (!(found instanceof HTMLOListElement)) return undefined;
  const { events, seq } = found.dataset;
  // Older lines come first: what is new stands on a later page.
  if (!events || found.dataset.hasNext !== undefined) return undefined;
  return follow(found, events, seq ?? "0");
}

function follow(list: HTMLOListElement, events: string, seq: string): EventSource {
  let waiting: number | undefined;
  let isAsking = false;
  let isStale = false;

  async function ask(): Promise<void> {
    waiting = undefined;
    if (isAsking) {
      isStale = true;
      return;
    }
    isAsking = true;
    try {
      do {
        isStale = await append(list);
      } while (isStale);
    } finally {
      isAsking = false;
    }
  }

  const source = new EventSource(`${events}?after=${seq}`);
  source.addEventListener("message", (event) => {
    const message = JSON.parse(event.data as string) as Message;
    if (!message.changes) return;
    for (const { status } of message.changes)
      if (status) document.dispatchEvent(new CustomEvent("execution:status", { detail: { status } }));
    if (message.changes.some(({ status }) => status && ENDED.has(status))) {
      source.close();
      document.querySelector(".log-end .live")?.remove();
    }
    if (waiting === undefined) waiting = window.setTimeout(() => void ask(), QUIET_MS);
  });
  return source;
}

const ENDED = new Set(["SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"]);

/** Puts what is new beneath the list. Returns whether there is more at once. */
async function append(list: HTMLOListElement): Promise<boolean> {
  const { following = "", last = "" } = list.dataset;
  const response = await fetch(`${following}&after=${last}`, { headers: { "HX-Request": "true" } });
  const text = await response.text();
  const type = response.headers.get("Content-Type");
  if (!response.ok || isProblem(type)) {
    showToast(problemToast(response.status, type, text));
    return false;
  }
  const part = new DOMParser().parseFromString(text, "text/html").getElementById("log-part");
  if (!part) return false;
  const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR_END;
  for (const line of part.querySelectorAll(":scope > ol > li")) {
    const element = document.importNode(line, true);
    list.append(element);
    element.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true })); // puts its time into the reader's zone
  }
  const progress = part.querySelector("#log-progress");
  if (progress) document.getElementById("log-progress")?.replaceWith(document.importNode(progress, true));
  if (list.children.length > 0) document.getElementById("log-empty")?.remove();
  list.dataset.last = part.dataset.last;
  if (isAtEnd) scrollTo({ top: document.documentElement.scrollHeight });
  return part.dataset.hasNext !== undefined;
}
