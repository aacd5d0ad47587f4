/** A part of the page, in pixels of the window. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const GAP = 12;
const EDGE = 12;
const PATIENCE_MS = 10_000;

/** Where a card stands beside what it points at: right, left, below or above, wherever it fits; else in the middle. Pure. */
export function placeBeside(
  at: Box | null,
  card: { width: number; height: number },
  view: { width: number; height: number },
): { left: number; top: number } {
  const held = (value: number, size: number, room: number): number =>
    Math.max(EDGE, Math.min(value, room - size - EDGE));
  const middle = { left: (view.width - card.width) / 2, top: (view.height - card.height) / 2 };
  if (!at) return middle;
  const beside = held(at.top + at.height / 2 - card.height / 2, card.height, view.height);
  const along = held(at.left + at.width / 2 - card.width / 2, card.width, view.width);
  const places = [
    { left: at.left + at.width + GAP, top: beside },
    { left: at.left - card.width - GAP, top: beside },
    { left: along, top: at.top + at.height + GAP },
    { left: along, top: at.top - card.height - GAP },
  ];
  const fits = ({ left, top }: { left: number; top: number }): boolean =>
    left >= EDGE &&
    top >= EDGE &&
    left + card.width <= view.width - EDGE &&
    top + card.height <= view.height - EDGE;
  return places.find(fits) ?? middle;
}

interface Step {
  selector: string;
  title: string;
  text: string;
}

/**
 * A tour of the page, see `components/tour.html`: offered until somebody took or refused it, which is remembered for
 * them. Steps whose part is not on the page are left out. Arrows and Enter go on, Esc ends it.
 */
export function startTour(): void {
  const root = document.getElementById("tour");
  const template = root?.querySelector("template");
  if (!root || !template || innerWidth < 900) return;
  const all = [...template.content.querySelectorAll("section")].map(
    (section): Step => ({
      selector: section.dataset.at ?? "",
      title: section.querySelector("h2")?.textContent ?? "",
      text: section.querySelector("p")?.textContent ?? "",
    }),
  );
  void whenThere(all[0]?.selector ?? "").then((isThere) => {
    if (isThere) guide(root, all);
  });
}

/** Whether something that matches comes onto the page in time. */
function whenThere(selector: string): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): boolean => document.querySelector(selector) !== null;
    if (look()) return resolve(true);
    const observer = new MutationObserver(() => {
      if (look()) end(true);
    });
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    const end = (isThere: boolean): void => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(isThere);
    };
    observer.observe(document.body, { childList: true, subtree: true });
  });
}

function guide(root: HTMLElement, all: Step[]): void {
  const find = <T extends HTMLElement>(selector: string): T => {
    const found = root.querySelector<T>(selector);
    if (!found) throw new Error(`The tour has no ${selector}.`);
    return found;
  };
  const [offer, card, ring] = [find(".tour-offer"), find(".tour-card"), find(".tour-ring")];
  const [back, next] = [
    find<HTMLButtonElement>("[data-tour-back]"),
    find<HTMLButtonElement>("[data-tour-next]"),
  ];
  const words = next.textContent ?? "";
  let steps: Step[] = [];
  let at = 0;
  let before: Element | null = null;

  const seen = (): void => {
    const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") as Record<string, string>;
    // Whether it could be written down or not, nobody is kept waiting for it.
    void fetch(root.dataset.seenUrl ?? "", { method: "POST", headers }).catch(() => undefined);
  };
  const end = (): void => {
    seen();
    removeEventListener("resize", show);
    document.removeEventListener("keydown", press, true);
    root.remove();
    if (before instanceof HTMLElement) before.focus();
  };
  const show = (): void => {
    const step = steps[at];
    if (!step) return;
    const target = step.selector === "" ? null : document.querySelector(step.selector);
    const box = target?.getBoundingClientRect() ?? null;
    find("#tour-title").textContent = step.title;
    find("#tour-text").textContent = step.text;
    find("[data-tour-count]").textContent = `${at + 1} / ${steps.length}`;
    back.hidden = at === 0;
    next.textContent = at === steps.length - 1 ? (next.dataset.done ?? words) : words;
    ring.hidden = box === null;
    if (box)
      place(ring, { left: box.left - 4, top: box.top - 4, width: box.width + 8, height: box.height + 8 });
    card.hidden = false;
    const { left, top } = placeBeside(box, card.getBoundingClientRect(), {
      width: innerWidth,
      height: innerHeight,
    });
    card.style.left = `${left}px`;
    card.style.top = `${top}px`;
  };
  const go = (by: 1 | -1): void => {
    if (at + by >= steps.length) {
      end();
      return;
    }
    at = Math.max(0, at + by);
    show();
    next.focus();
  };
  const press = (event: KeyboardEvent): void => {
    if (card.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") end();
    else if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const begin = (): void => {
    before = document.activeElement;
    offer.hidden = true;
    steps = all.filter(
      ({ selector }) => selector === "" || document.querySelector(selector)?.checkVisibility(),
    );
    document.addEventListener("keydown", press, true);
    addEventListener("resize", show);
    show();
    next.focus();
  };

  root.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    if (target.closest("[data-tour-begin]")) begin();
    else if (target.closest("[data-tour-end]")) end();
    else if (target.closest("[data-tour-back]")) go(-1);
    else if (target.closest("[data-tour-next]")) go(1);
  });
  root.hidden = false;
  if (root.dataset.begins !== undefined) begin();
}

function place(element: HTMLElement, { left, top, width, height }: Box): void {
  for (const [name, value] of Object.entries({ left, top, width, height }))
    element.style.setProperty(name, `${value}px`);
}
