import { registerHotkey, type Shortcut, shortcuts } from "./hotkeys.ts";

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const NAMES: Readonly<Record<string, string>> = {
  mod: isMac ? "⌘" : "Ctrl",
  shift: isMac ? "⇧" : "Shift",
  alt: isMac ? "⌥" : "Alt",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Arrows: "← ↑ → ↓",
  Escape: "Esc",
  Delete: "Del",
};

/** `?` opens the keyboard sheet: the shortcuts of this page as it stands, gathered from where they are declared. */
export function startKeyboardSheet(): void {
  const dialog = document.getElementById("keyboard-sheet");
  const list = dialog?.querySelector<HTMLElement>("[data-shortcuts]");
  if (!(dialog instanceof HTMLDialogElement) || !list) return;
  if (isMac)
    for (const hint of document.querySelectorAll<HTMLElement>("[data-mod]"))
      hint.textContent = `⌘ ${hint.dataset.mod}`;
  const open = (): void => {
    if (document.querySelector("dialog[open]")) return;
    list.replaceChildren(...parts(shortcuts()));
    dialog.showModal();
  };
  registerHotkey({ keys: "?", title: "Keyboard shortcuts", run: open });
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("[data-open-keyboard-sheet]");
    if (!button) return;
    const menu = button.closest<HTMLDetailsElement>("details.menu");
    if (menu) menu.open = false;
    open();
  });
}

function parts(found: Shortcut[]): HTMLElement[] {
  const groups = new Map<string, Shortcut[]>();
  for (const shortcut of found) groups.set(shortcut.group, [...(groups.get(shortcut.group) ?? []), shortcut]);
  return [...groups].map(([title, lines]) => {
    const part = document.createElement("section");
    const heading = document.createElement("h3");
    heading.className = "label";
    heading.textContent = title;
    const list = document.createElement("dl");
    for (const { keys, title: words } of lines) {
      const line = document.createElement("div");
      const name = document.createElement("dt");
      name.textContent = words;
      const hint = document.createElement("dd");
      hint.append(...keyCaps(keys));
      line.append(name, hint);
      list.append(line);
    }
    part.append(heading, list);
    return part;
  });
}

/** "mod+shift+z" as the keys to press together, "g h" as those to press in turn. */
function keyCaps(keys: string): (Node | string)[] {
  return keys.split(" ").flatMap((press, turn) => {
    const caps = press === "+" ? ["+"] : press.split("+");
    const drawn = caps.flatMap((cap, index) => {
      const key = document.createElement("kbd");
      key.className = "kbd";
      key.textContent = NAMES[cap] ?? (cap.length === 1 ? cap.toUpperCase() : cap);
      return index > 0 ? [" ", key] : [key];
    });
    return turn > 0 ? [" then ", ...drawn] : drawn;
  });
}
