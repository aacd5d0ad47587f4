import { icon } from "./icon.ts";

export type Tone = "success" | "error" | "warning" | "info";
export interface Toast {
  tone?: Tone;
  text: string;
  detail?: string;
  /** Where its words lead. */
  url?: string;
}

const SHOWN_FOR = 6000;
const icons: Record<Tone, string> = {
  success: "circle-check",
  error: "circle-x",
  warning: "triangle-alert",
  info: "info",
};

/** Lets a toast go after six seconds, counted anew whenever the pointer or the focus leaves it. */
function fade(toast: HTMLElement): void {
  if (toast.dataset.fading !== undefined) return;
  toast.dataset.fading = "";
  let timer = 0;
  const start = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => toast.remove(), SHOWN_FOR);
  };
  const stop = (): void => window.clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

/** Shows a line at the bottom left. Errors stay until they are closed. */
export function showToast({ tone = "info", text, detail, url }: Toast): void {
  const region = document.getElementById("toasts");
  if (!region) throw new Error("The page has no #toasts region (templates/base.html).");
  const toast = document.createElement("div");
  toast.className = "toast";
  if (tone === "error") {
    toast.dataset.tone = "error";
    toast.setAttribute("role", "alert");
  } else {
    if (tone !== "info") toast.dataset.tone = tone === "warning" ? "human" : "success";
    toast.dataset.fades = "";
  }
  const words = document.createElement("div");
  words.className = "grow";
  for (const line of [text, detail]) {
    if (!line) continue;
    const paragraph = document.createElement("p");
    if (url && line === text) {
      const link = document.createElement("a");
      link.href = url;
      link.textContent = line;
      paragraph.append(link);
    } else paragraph.textContent = line;
    words.append(paragraph);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.dataset.closeToast = "";
  close.ariaLabel = "Close";
  close.append(icon("x", 14));
  toast.append(icon(icons[tone]), words, close);
  region.append(toast);
}

export function startToasts(): void {
  const region = document.getElementById("toasts");
  if (!region) return;
  const fadeAll = (): void => {
    for (const toast of region.querySelectorAll<HTMLElement>(".toast[data-fades]")) fade(toast);
  };
  fadeAll();
  new MutationObserver(fadeAll).observe(region, { childList: true });
  region.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-close-toast]"))
      event.target.closest(".toast")?.remove();
  });
  // A server says it with HX-Trigger: {"toast": {"tone": "success", "text": "Saved"}}.
  document.addEventListener("toast", (event) => {
    const detail = (event as CustomEvent<Toast>).detail;
    if (detail?.text) showToast(detail);
  });
  // Or several at once: {"toasts": [{…}, {…}]}.
  document.addEventListener("toasts", (event) => {
    for (const toast of (event as CustomEvent<{ value: Toast[] }>).detail.value) showToast(toast);
  });
}
