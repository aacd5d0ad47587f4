import { registerHotkey } from "./hotkeys.ts";

const boxesOf = (area: Element): HTMLInputElement[] => [
  ...area.querySelectorAll<HTMLInputElement>("tbody .pick > input[type=checkbox]"),
];

/** What is between two places, both included, whichever comes first. Pure. */
export function between<T>(all: readonly T[], from: T, to: T): T[] {
  const [a, b] = [all.indexOf(from), all.indexOf(to)];
  return a < 0 || b < 0 ? [] : all.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/**
 * Rows of a table in `data-choosing` are ticked by click, Shift-click and keys, and a bar says how many are.
 * In the bar: `data-chosen` (the words), `data-choose-all="38"` (those of the other pages as well), `data-choose-none`,
 * `data-choose-exactly="2"` (a button that needs so many).
 */
export function startChoosing(): void {
  let last: HTMLInputElement | undefined;
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const area = event.target.closest("[data-choosing]");
    if (!area) return;
    const box = event.target.closest<HTMLInputElement>("tbody .pick > input[type=checkbox]");
    if (box) {
      if (event.shiftKey && last)
        for (const each of between(boxesOf(area), last, box)) each.checked = box.checked;
      last = box;
      show(area, false);
      return;
    }
    const only = event.target.closest<HTMLElement>("[data-choose-only]")?.dataset.chooseOnly;
    if (only !== undefined) {
      for (const each of boxesOf(area)) each.checked = each.value === only;
      event.target.closest("details")?.removeAttribute("open");
      show(area, false);
    } else if (event.target.closest("[data-choose-all]")) {
      for (const each of boxesOf(area)) each.checked = true;
      show(area, true);
    } else if (event.target.closest("[data-choose-none]")) none(area);
  });
  document.addEventListener("change", ({ target }) => {
    const area = target instanceof Element && target.closest("[data-choosing]");
    if (area) show(area, false);
  });
  const area = (): Element | null => document.querySelector("[data-choosing]");
  if (!area()) return;
  const group = "In the list";
  registerHotkey({ keys: "j", title: "Next row", group, run: () => step(1) });
  registerHotkey({ keys: "k", title: "Row before", group, run: () => step(-1) });
  registerHotkey({ keys: "x", title: "Tick the row", group, run: tick });
  registerHotkey({ keys: "* a", title: "Tick all rows", group, run: () => all(area()) });
  registerHotkey({ keys: "* n", title: "Tick none", group, run: () => none(area()) });
  addEventListener("pageshow", () => {
    const found = area();
    if (found) show(found, false); // a browser's Back brings ticks with it
  });
}

const links = (): HTMLAnchorElement[] => [
  ...document.querySelectorAll<HTMLAnchorElement>("[data-choosing] a.row-link"),
];

function step(by: 1 | -1): void {
  const found = links();
  const row = document.activeElement?.closest("tr");
  const at = found.findIndex((link) => link.closest("tr") === row);
  found[
    at < 0 ? (by === 1 ? 0 : found.length - 1) : Math.min(found.length - 1, Math.max(0, at + by))
  ]?.focus();
}

function tick(): void {
  const row =
    document.activeElement?.closest("[data-choosing] tr") ??
    document.querySelector("[data-choosing] tbody tr:hover");
  row?.querySelector<HTMLInputElement>(".pick > input")?.click();
}

function all(area: Element | null): void {
  if (!area) return;
  for (const each of boxesOf(area)) each.checked = true;
  show(area, false);
}

function none(area: Element | null): void {
  if (!area) return;
  for (const each of boxesOf(area)) each.checked = false;
  show(area, false);
}

function show(area: Element, isAll: boolean): void {
  const boxes = boxesOf(area);
  const count = boxes.filter(({ checked }) => checked).length;
  const isFull = count > 0 && count === boxes.length;
  const head = area.querySelector<HTMLInputElement>("thead .pick > input");
  if (head) {
    head.checked = isFull;
    head.indeterminate = count > 0 && !isFull;
  }
  const more = area.querySelector<HTMLElement>("[data-choose-all]");
  if (more) more.hidden = !isFull || isAll;
  for (const button of area.querySelectorAll<HTMLButtonElement>("[data-choose-exactly]"))
    button.disabled = count !== Number(button.dataset.chooseExactly);
  const marker = area.querySelector<HTMLInputElement>("[data-all]");
  if (marker) marker.value = isAll ? "1" : "";
  const said = area.querySelector("[data-chosen]");
  const shown = isAll ? Number(more?.dataset.chooseAll ?? count) : count;
  if (said) said.textContent = count === 0 ? "" : `${shown} chosen`;
}
