import { duration, exactTime, relativeTime, SOON, timeLeft } from "./words.ts";

const selector = "time[data-relative], time[data-left], time[data-elapsed]";

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

/** Keeps every `<time data-relative | data-left | data-elapsed>` on the page current, also after htmx swaps. */
export function startTimes(): void {
  refresh(document);
  setInterval(() => {
    if (!document.hidden) refresh(document);
  }, 1000);
  document.addEventListener("visibilitychange", () => refresh(document));
  document.addEventListener("htmx:load", (event) =>
    refresh((event.target as Element).parentElement ?? document),
  );
}
