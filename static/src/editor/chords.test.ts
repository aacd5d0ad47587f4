import { expect, it } from "vitest";
import { isLocal, namesOf, type Press } from "./chords.ts";

const press = (key: string, code: string, ...held: (keyof Press)[]): Press => ({
  key,
  code,
  ctrlKey: held.includes("ctrlKey"),
  metaKey: held.includes("metaKey"),
  altKey: held.includes("altKey"),
  shiftKey: held.includes("shiftKey"),
});

it.each([
  [press("z", "KeyZ", "ctrlKey"), ["mod+z"]],
  [press("Z", "KeyZ", "ctrlKey", "shiftKey"), ["mod+shift+z"]],
  [press("z", "KeyY", "ctrlKey"), ["mod+z"]], // a German keyboard
  [press("я", "KeyZ", "ctrlKey"), ["mod+я", "mod+z"]],
  [press("?", "Slash", "shiftKey"), ["?"]],
  [press("!", "Digit1", "shiftKey"), ["!", "shift+1"]],
  [press("1", "Digit1"), ["1"]],
  [press("+", "BracketRight"), ["+"]],
  [press("Tab", "Tab", "shiftKey"), ["shift+Tab"]],
  [press("Delete", "Delete"), ["Delete"]],
  [press(" ", "Space"), ["Space"]],
  [press("ArrowLeft", "ArrowLeft", "altKey"), ["alt+ArrowLeft"]],
  [press("z", "KeyZ", "metaKey"), []],
])("knows what %o is called", (given, names) => {
  expect(namesOf(given, false)).toEqual(names);
});

it("knows a Mac's keys", () => {
  expect(namesOf(press("z", "KeyZ", "metaKey"), true)).toEqual(["mod+z"]);
  expect(namesOf(press("z", "KeyZ", "ctrlKey"), true)).toEqual([]);
});

it("leaves keys that every control has to the canvas alone", () => {
  expect(["Tab", "Enter", "shift+ArrowUp", "Delete", "Space"].every(isLocal)).toBe(true);
  expect(["mod+z", "t", "?", "mod+Enter", "alt+ArrowLeft"].some(isLocal)).toBe(false);
});
