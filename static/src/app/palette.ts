import { registerHotkey } from "./hotkeys.ts";
import { icon } from "./icon.ts";
import { type Answer, counted, type Item, itemsOf, remembered, runQuery, sections } from "./palette-items.ts";
import { problemToast } from "./problems.ts";
import { showToast } from "./toasts.ts";

const ASK_AFTER_MS = 120;
const SAY_AFTER_MS = 400;

const sources: (() => Item[])[] = [];

/** Lines that a script adds, asked for whenever the palette is drawn. They stand before those of the page. */
export function registerItems(source: () => Item[]): void {
  sources.push(source);
}

/**
 * The command palette: a combobox whose list holds pages, actions, and what the server finds by the same letters. Pages
 * and actions stand in the page (`templates/components/palette.html`), so they are there at once.
 */
export function startPalette(): void {
  const dialog = document.getElementById("palette");
  if (!(dialog instanceof HTMLDialogElement)) return;
  const palette = new Palette(dialog);
  registerHotkey({
    keys: "mod+k",
    title: "Search and commands",
    isEverywhere: true,
    run: () => palette.toggle(),
  });
  registerHotkey({
    keys: "/",
    title: "Search on this page",
    run: () => {
      const fields = [...document.querySelectorAll<HTMLInputElement>("main input[type=search]")];
      const field = fields.find((each) => each.checkVisibility());
      if (field) field.select();
      else palette.toggle();
    },
  });
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("[data-open-palette]")) palette.toggle();
  });
}

class Palette {
  readonly #dialog: HTMLDialogElement;
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #said: HTMLElement;
  readonly #known: Item[];
  readonly #place: string;
  #found: Item[] = [];
  #shown: Item[] = [];
  #active = 0;
  #asking: AbortController | undefined;
  #waits = 0;
  #says = 0;

  constructor(dialog: HTMLDialogElement) {
    const part = <T extends HTMLElement>(selector: string): T => {
      const found = dialog.querySelector<T>(selector);
      if (!found) throw new Error(`The palette has no ${selector} (templates/components/palette.html).`);
      return found;
    };
    this.#dialog = dialog;
    this.#input = part<HTMLInputElement>("[role=combobox]");
    this.#list = part("[role=listbox]");
    this.#said = part("[role=status]");
    this.#place = `palette:${document.documentElement.dataset.workspace ?? ""}`;
    const lines = part<HTMLTemplateElement>("template").content.querySelectorAll<HTMLElement>("[data-group]");
    this.#known = [...lines].map((line) => ({
      ...(line.dataset as Record<string, string> as { group: string; icon: string }),
      title: (line.textContent ?? "").trim(),
      isAlways: line.dataset.isAlways !== "false",
    }));
    this.#input.addEventListener("input", () => this.#changed());
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    this.#list.addEventListener("pointermove", ({ target }) => {
      const option = target instanceof Element && target.closest<HTMLElement>("[role=option]");
      if (option) this.#light(Number(option.dataset.index), false);
    });
    dialog.addEventListener("close", () => this.#asking?.abort());
  }

  toggle(): void {
    if (this.#dialog.open) {
      this.#dialog.close();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) menu.open = false;
    this.#input.value = "";
    this.#found = [];
    this.#dialog.showModal();
    this.#input.focus();
    this.#draw();
    void this.#ask();
  }

  #changed(): void {
    this.#draw();
    window.clearTimeout(this.#waits);
    this.#waits = window.setTimeout(() => void this.#ask(), ASK_AFTER_MS);
  }

  async #ask(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const query = this.#input.value;
    const url = new URL(this.#dialog.dataset.search ?? "", location.href);
    url.searchParams.set("q", (runQuery(query) ?? query).trim().slice(0, 200));
    try {
      const headers = { "X-Workspace": document.documentElement.dataset.workspace ?? "" };
      const response = await fetch(url, { headers, signal: asking.signal });
      const text = await response.text();
      if (!response.ok) {
        showToast(problemToast(response.status, response.headers.get("Content-Type"), text));
        return;
      }
      this.#found = itemsOf(JSON.parse(text) as Answer, query);
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof TypeError)) throw error;
      this.#found = []; // not to be reached: pages and actions are still there
    }
    this.#draw();
  }

  #draw(): void {
    const query = this.#input.value;
    const before = this.#shown[this.#active];
    const found = sections(
      [...sources.flatMap((source) => source()), ...this.#known, ...this.#found],
      query,
      this.#recent(),
    );
    this.#shown = found.flatMap(({ items }) => items);
    let index = 0;
    const parts = found.map(({ title, items }, number) => {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-labelledby", `palette-group-${number}`);
      const heading = document.createElement("div");
      heading.className = "menu-label";
      heading.id = `palette-group-${number}`;
      heading.textContent = title;
      group.append(heading, ...items.map((item) => option(item, index++)));
      return group;
    });
    if (parts.length === 0) {
      const nothing = document.createElement("p");
      nothing.className = "palette-nothing";
      nothing.textContent = "Nothing has these letters.";
      parts.push(nothing as HTMLDivElement);
    }
    this.#list.replaceChildren(...parts);
    // What came later does not take the choice away from somebody who has moved; else the first line is chosen.
    const kept =
      this.#active > 0 && before ? this.#shown.findIndex(({ url }) => url && url === before.url) : 0;
    this.#light(Math.max(0, kept), true);
    window.clearTimeout(this.#says);
    this.#says = window.setTimeout(() => {
      this.#said.textContent = counted(found);
    }, SAY_AFTER_MS);
  }

  #light(index: number, isMoving: boolean): void {
    this.#active = index;
    let lit: HTMLElement | undefined;
    for (const option of this.#list.querySelectorAll<HTMLElement>("[role=option]")) {
      const isLit = Number(option.dataset.index) === index;
      option.setAttribute("aria-selected", String(isLit));
      if (isLit) lit = option;
    }
    if (!lit) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    this.#input.setAttribute("aria-activedescendant", lit.id);
    if (!isMoving) return;
    if (index === 0) this.#list.scrollTop = 0;
    else lit.scrollIntoView({ block: "nearest" });
  }

  #pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const count = this.#shown.length;
    const to: Record<string, number> = {
      ArrowDown: (this.#active + 1) % count,
      ArrowUp: (this.#active - 1 + count) % count,
      PageDown: Math.min(count - 1, this.#active + 8),
      PageUp: Math.max(0, this.#active - 8),
    };
    const next = to[event.key];
    if (next !== undefined) {
      event.preventDefault();
      if (count > 0) this.#light(next, true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = this.#shown[this.#active];
      if (chosen) this.#choose(chosen, event.ctrlKey || event.metaKey);
    } else if (event.key === "Tab") event.preventDefault(); // the field is all there is to focus
  }

  #clicked(event: MouseEvent): void {
    const option = event.target instanceof Element && event.target.closest<HTMLElement>("[role=option]");
    const chosen = option && this.#shown[Number(option.dataset.index)];
    if (!chosen) return;
    event.preventDefault();
    this.#choose(chosen, event.ctrlKey || event.metaKey);
  }

  #choose(item: Item, isBeside: boolean): void {
    localStorage.setItem(this.#place, JSON.stringify(remembered(this.#recent(), item)));
    this.#dialog.close();
    if (item.url && isBeside) window.open(item.url, "_blank", "noopener");
    else if (item.url) location.assign(item.url);
    else if (item.run) item.run();
    else if (item.click) document.querySelector<HTMLElement>(item.click)?.click();
  }

  #recent(): Item[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#place) ?? "[]");
      return Array.isArray(kept) ? (kept as Item[]) : [];
    } catch {
      return [];
    }
  }
}

function option(item: Item, index: number): HTMLElement {
  const line = document.createElement("div");
  line.className = "menu-item";
  line.id = `palette-option-${index}`;
  line.dataset.index = String(index);
  line.setAttribute("role", "option");
  const words = document.createElement("span");
  words.className = "truncate-line";
  words.textContent = item.title;
  line.append(icon(item.icon), words);
  if (item.detail) {
    const detail = document.createElement("span");
    detail.className = "palette-detail truncate-line";
    detail.textContent = item.detail;
    line.append(detail);
  }
  for (const key of item.keys?.split(" ").filter(Boolean) ?? []) {
    const hint = document.createElement("span");
    hint.className = "kbd";
    hint.textContent = key.length === 1 ? key.toUpperCase() : key;
    line.append(hint);
  }
  return line;
}
