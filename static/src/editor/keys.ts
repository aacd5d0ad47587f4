/** The keyboard of the editor: what is pressed becomes a command. Beside `app/hotkeys`, which answers what is no command. */

import { registerShortcuts } from "../app/hotkeys.ts";
import { registerItems } from "../app/palette.ts";
import { follow, type Pressed } from "../app/sequences.ts";
import { isLocal, namesOf } from "./chords.ts";
import { type Command, commands, runCommand } from "./commands.ts";

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const GROUPS = ["Canvas", "Edit", "View", "Run", "Workflow"] as const;

let before: Pressed | undefined;
let wasOnCanvas = false;

/** Begins to answer keys, and tells the keyboard sheet and the command list what there is. Call once. */
export function startKeys(): void {
  window.addEventListener("keydown", press, { capture: true });
  window.addEventListener(
    "pointerdown",
    ({ target }) => {
      wasOnCanvas = target instanceof Element && target.closest(".editor-surface") !== null;
    },
    { capture: true },
  );
  registerShortcuts(() =>
    GROUPS.flatMap((group) =>
      commands()
        .filter((command) => command.group === group)
        .flatMap(({ title, keys, sheet }) =>
          keys?.[0] === undefined || sheet === null ? [] : [{ keys: keys[0], title, ...sheet, group }],
        ),
    ),
  );
  registerItems(() =>
    commands()
      .filter(({ isPossible }) => isPossible?.() !== false)
      .map((command) => ({
        group: "Editor",
        title: command.title,
        icon: command.icon ?? "square-mouse-pointer",
        words: [command.group, command.words].filter(Boolean).join(" "),
        isAlways: false,
        ...(command.keys?.[0] === undefined
          ? {}
          : { keys: keysOf(command).replaceAll(/(?<=.)\+(?=.)/g, " ") }),
        run: () => void runCommand(command.id),
      })),
  );
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.getModifierState("AltGraph")) return;
  const target = event.target instanceof Element ? event.target : null;
  const isTyping = target?.closest("input, textarea, select, [contenteditable=true], .cm-editor") != null;
  if (isTyping || document.querySelector("dialog[open], details.menu[open]")) return;
  const names = namesOf(event, isMac);
  const isHeld = event.ctrlKey || event.metaKey || event.altKey;
  const known = commands().filter(({ isNative }) => !isNative);
  const found = names
    .map((name) => answering(known.filter(({ keys }) => keys?.includes(name))))
    .find((command) => command !== undefined);
  const name = names.find((one) => found?.keys?.includes(one)) ?? "";
  if (found && (!isLocal(name) || isOnCanvas(target, name))) {
    before = undefined;
    const isDone = event.repeat && !found.isRepeated ? true : runCommand(found.id);
    if (isDone) stop(event);
    return;
  }
  if (isHeld || event.repeat) return;
  const sequences = known.flatMap(({ keys }) => keys?.filter((one) => one.includes(" ")) ?? []);
  const meaning = follow(before, event.key, event.timeStamp, sequences);
  before = meaning.pending;
  const command = known.find(({ keys }) => meaning.keys !== undefined && keys?.includes(meaning.keys));
  if (command && runCommand(command.id)) stop(event);
}

/** Of those that have the same key, such as "." on a loop and elsewhere: the first that can be done now. */
const answering = (all: readonly Command[]): Command | undefined =>
  all.find(({ isPossible }) => isPossible?.() !== false) ?? all[0];

function stop(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Whether keys like Tab or Delete mean the canvas: the focus is on it or on a card. With the focus nowhere they do as
 * soon as somebody has pointed there, so that Tab leads through the page for those who never did.
 */
function isOnCanvas(target: Element | null, name: string): boolean {
  if (target === null || target === document.body || target.id === "main")
    return wasOnCanvas || !/Tab$/.test(name);
  if (target.closest(".editor-surface") === null) return false;
  return target.closest("button, a, summary, [role=menu], [role=dialog]") === null;
}

/** How a command's first keys are written: "Ctrl+Shift+Z", "⌘⇧Z". */
export function keysOf({ keys }: Command): string {
  const names: Record<string, string> = isMac
    ? { mod: "⌘", shift: "⇧", alt: "⌥" }
    : { mod: "Ctrl", shift: "Shift", alt: "Alt" };
  return (keys?.[0] ?? "")
    .split("+")
    .map((cap) => names[cap] ?? (cap.length === 1 ? cap.toUpperCase() : cap))
    .join(isMac ? "" : "+");
}
