import { icon } from "./icon.ts";
import { showToast } from "./toasts.ts";

const SHOWN_FOR = 1600;

/** `data-copy="text"` or `data-copy-from="#id"`: a click copies and the icon becomes a tick for a moment. */
export function startCopying(): void {
  document.addEventListener("click", async (event) => {
    const button =
      event.target instanceof Element && event.target.closest<HTMLElement>("[data-copy], [data-copy-from]");
    if (!button) return;
    const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
    const text = button.dataset.copy ?? (source instanceof Element ? (source.textContent ?? "") : "");
    try {
      await navigator.clipboard.writeText(text.trim());
    } catch {
      showToast({
        tone: "error",
        text: "Could not copy",
        detail: "The browser refused. Select the text and copy it by hand.",
      });
      return;
    }
    const old = button.querySelector("svg");
    if (!old || button.dataset.copied !== undefined) return;
    const tick = icon("check");
    button.dataset.copied = "";
    old.replaceWith(tick);
    setTimeout(() => {
      tick.replaceWith(old);
      delete button.dataset.copied;
    }, SHOWN_FOR);
  });
}
