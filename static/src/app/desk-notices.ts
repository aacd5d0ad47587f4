import type { Toast } from "./toasts.ts";

/** Kept in this browser alone: it is the browser that shows them, and another one of the same person may not. */
const KEY = "desk-notices";

interface Desk {
  permission: NotificationPermission;
  show(title: string, body: string, url: string): void;
}

/** What is shown outside of the page: what has come while nobody looks at it, each once. */
export function shownOutside(
  toasts: Toast[],
  seen: Set<string>,
  isLookedAt: boolean,
  isOn: boolean,
): Toast[] {
  const fresh = toasts.filter((toast) => toast.url && !seen.has(toast.url));
  for (const toast of fresh) if (toast.url) seen.add(toast.url);
  return isOn && !isLookedAt ? fresh : [];
}

function desk(): Desk | undefined {
  if (!("Notification" in window)) return undefined;
  return {
    get permission() {
      return Notification.permission;
    },
    show(title, body, url) {
      const shown = new Notification(title, { body, tag: url });
      shown.addEventListener("click", () => {
        window.focus();
        window.location.assign(url);
        shown.close();
      });
    },
  };
}

const isOn = (): boolean => localStorage.getItem(KEY) === "on" && desk()?.permission === "granted";

/** New notices as notifications of the browser, while the page is in the background; `data-desk-notices` switches. */
export function startDeskNotices(): void {
  const seen = new Set<string>();
  document.addEventListener("toasts", (event) => {
    const toasts = (event as CustomEvent<{ value: Toast[] }>).detail.value;
    for (const { text, detail, url } of shownOutside(
      toasts,
      seen,
      document.visibilityState === "visible",
      isOn(),
    ))
      desk()?.show(text, detail ?? "", url ?? "");
  });
  const field = document.querySelector<HTMLInputElement>("input[data-desk-notices]");
  if (!field) return;
  const why = document.getElementById("desk-notices-why");
  const draw = (): void => {
    field.checked = isOn();
    field.disabled = desk() === undefined || desk()?.permission === "denied";
    if (why) why.hidden = !field.disabled;
  };
  draw();
  field.addEventListener("change", async () => {
    if (field.checked && desk()?.permission === "default") await Notification.requestPermission();
    localStorage.setItem(KEY, field.checked ? "on" : "off");
    draw();
  });
}
