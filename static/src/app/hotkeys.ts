import { follow, type Pressed } from "./sequences.ts";

/** A shortcut that a script answers. `keys`: "?", "mod+k" (Ctrl, or Cmd on a Mac), or two in a row: "g h". */
export interface Hotkey {
  keys: string;
  title: string;
  group?: string;
  /** Also while somebody types. */
  isEverywhere?: boolean;
  run?: () => void;
}

/** One line of the keyboard sheet. */
export interface Shortcut {
  keys: string;
  title: string;
  group: string;
}

const registered: Hotkey[] = [];
const sources: (() => Shortcut[])[] = [];

/** Makes a shortcut known: it works from now on and stands on the keyboard sheet. Without `run` it only stands there. */
export function registerHotkey(hotkey: Hotkey): void {
  registered.push(hotkey);
}

/** Lines of the keyboard sheet for shortcuts that somebody else answers, asked for whenever it opens. */
export function registerShortcuts(source: () => Shortcut[]): void {
  sources.push(source);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

const labelled = (): HTMLElement[] =>
  [...document.querySelectorAll<HTMLElement>("[data-hotkey]")].filter((element) => element.checkVisibility());

/** What an element is called, without its key hint and what only readers of screens hear. */
function titleOf(element: HTMLElement): string {
  if (element.dataset.hotkeyTitle) return element.dataset.hotkeyTitle;
  const copy = element.cloneNode(true) as HTMLElement;
  for (const hint of copy.querySelectorAll(".kbd, .visually-hidden, .count")) hint.remove();
  return element.ariaLabel ?? (copy.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** Every shortcut of the page as it stands: what scripts registered, and every visible element with `data-hotkey`. */
export function shortcuts(): Shortcut[] {
  const found = [
    ...sources.flatMap((source) => source()),
    ...registered.map(({ keys, title, group = "Anywhere" }) => ({ keys, title, group })),
    ...labelled().map((element) => ({
      keys: element.dataset.hotkey ?? "",
      title: titleOf(element),
      group: element.closest<HTMLElement>("[data-hotkey-group]")?.dataset.hotkeyGroup ?? "On this page",
    })),
  ];
  return found.filter(({ keys }, index) => found.findIndex((other) => other.keys === keys) === index);
}

function answer(keys: string): boolean {
  const known = registered.find((hotkey) => hotkey.keys === keys && hotkey.run);
  const element = labelled().find(({ dataset }) => dataset.hotkey === keys);
  if (element) element.click();
  else if (known?.run) known.run();
  else return false;
  return true;
}

/**
 * `data-hotkey="a"` or `"g h"`: the keys click the element, unless it is hidden, somebody is typing, a dialog is open or
 * a modifier is held. `data-hotkey-group` on something around it names its part of the keyboard sheet.
 */
export function startHotkeys(): void {
  let before: Pressed | undefined;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      const keys = `mod+${event.key.toLowerCase()}`;
      const hotkey = registered.find((each) => each.keys === keys && each.isEverywhere);
      if (!hotkey?.run || event.altKey || event.shiftKey) return;
      event.preventDefault();
      hotkey.run();
      return;
    }
    if (isTyping(event.target) || document.querySelector("dialog[open], details.menu[open]")) return;
    const known = shortcuts().map(({ keys }) => keys);
    const now = follow(before, event.key, event.timeStamp, known);
    before = now.pending;
    if (now.keys !== undefined && answer(now.keys)) event.preventDefault();
  });
}
