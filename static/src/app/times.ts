import {
  duration,
  exactTime,
  hourLabel,
  hourSpan,
  type MomentForm,
  moment,
  relativeTime,
  SOON,
  sayIn,
  timeLeft,
} from "./words.ts";

const selector = "time[data-relative], time[data-left], time[data-elapsed], time[data-moment]";

function refresh(root: ParentNode): void {
  const now = new Date();
  for (const element of root.querySelectorAll<HTMLTimeElement>(selector)) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const words =
      "left" in element.dataset
        ? timeLeft(date, now)
        : "elapsed" in element.dataset
          ? duration(Math.floor((now.getTime() - date.getTime()) / 1000) * 1000)
          : "moment" in element.dataset
            ? moment(date, (element.dataset.moment || "day") as MomentForm)
            : relativeTime(date, now);
    if (element.textContent !== words) element.textContent = words;
    if (!element.dataset.exact) {
      element.dataset.exact = "";
      element.title = exactTime(date);
    }
    if ("left" in element.dataset)
      element
        .closest<HTMLElement>(".due")
        ?.toggleAttribute("data-soon", date.getTime() - now.getTime() < SOON);
  }
}

/**
 * Puts what the server said in UTC into the reader's zone: what shows on hovering, and the hours of a chart
 * (`data-hour` is when one begins, `data-words` what follows it).
 */
function localize(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[title]:not([data-exact])")) {
    const date = new Date(element.dateTime);
    if (!Number.isNaN(date.getTime())) element.title = exactTime(date);
  }
  for (const element of root.querySelectorAll<SVGElement>("svg [data-hour]")) {
    const from = new Date(element.dataset.hour ?? "");
    if (Number.isNaN(from.getTime())) continue;
    const words = element.dataset.words;
    element.textContent = words === undefined ? hourLabel(from) : hourSpan(from) + words;
    element.removeAttribute("data-hour");
  }
}

/**
 * Keeps every `<time data-relative | data-left | data-elapsed>` on the page current, also after htmx swaps, and puts
 * absolute times (`<time data-moment>`, the hours of charts) into the reader's zone. Without it they say UTC.
 */
export function startTimes(): void {
  sayIn(document.documentElement.dataset.zone);
  refresh(document);
  localize(document);
  setInterval(() => {
    if (!document.hidden) refresh(document);
  }, 1000);
  document.addEventListener("visibilitychange", () => refresh(document));
  document.addEventListener("htmx:load", (event) => {
    const root = (event.target as Element).parentElement ?? document;
    refresh(root);
    localize(root);
  });
}
