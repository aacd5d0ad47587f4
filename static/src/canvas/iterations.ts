import { type Family, placeOf } from "./family.ts";
import { fetchIterations } from "./live.ts";
import { indexOf, isIterationOf, upwards } from "./paths.ts";
import { openInside, progressOf, standing } from "./scope.ts";
import { listKey, report, scopeAt, subjectOf, useCanvas } from "./store.ts";
import type { Iteration } from "./types.ts";

/** Choosing iterations of containers, and asking for lists of them. */

const PAGE = 100;
/** Rows of one list that are kept; whoever scrolls on asks again. */
const MOST_ROWS = 3000;

/** Look at one iteration of a container, or with null at all of them together. */
export function choose(container: string, index: number | null): void {
  const { family, chosen, scopes } = useCanvas.getState();
  const next: Record<string, number> = {};
  for (const [other, at] of Object.entries(chosen))
    if (other !== container && !isInside(family, other, container)) next[other] = at;
  if (index !== null) next[container] = index;
  const wanted = new Set(
    Object.keys(next).flatMap((id) => [...upwards(subjectOf({ family, chosen: next }, id) ?? "")]),
  );
  const kept = Object.entries(scopes).filter(([path]) => wanted.has(path));
  useCanvas.setState({ chosen: next, scopes: Object.fromEntries(kept), payloads: {} });
  for (const path of wanted) if (!(path in scopes)) void useCanvas.getState().loadScope(path);
  const { selected, loadPayload } = useCanvas.getState();
  if (selected !== null) void loadPayload(selected);
}

function isInside(family: Family, id: string, container: string): boolean {
  for (let at = family.parentOf.get(id); at !== undefined; at = family.parentOf.get(at))
    if (at === container) return true;
  return false;
}

export type Goal = "done" | "failed" | "running" | "waiting" | "asked" | "review";

/** Go to the next iteration of a container that stands so, from the chosen one on, then from the first. */
export async function jump(container: string, goal: Goal): Promise<void> {
  const state = useCanvas.getState();
  const { path, isExact } = placeOf(state.family, state.chosen, container);
  const scope = scopeAt(state, path);
  if (!isExact || !scope) return;
  const from = state.chosen[container] ?? -1;
  if (goal !== "done" && goal !== "failed") {
    const open = openInside(scope, container)
      .filter((run) => isIterationOf(run.path, container) && standing(scope, run.path) === goal)
      .map((run) => indexOf(run.path))
      .sort((a, b) => a - b);
    const next = open.find((index) => index > from) ?? open[0];
    if (next !== undefined) choose(container, next);
    return;
  }
  const wanted = goal === "done" ? "COMPLETED" : "FAILED";
  const ask = (after: number): Promise<Iteration[]> => fetchPage(container, path, after, 1, wanted);
  const found = (await ask(from))[0] ?? (from >= 0 ? (await ask(-1))[0] : undefined);
  if (found) choose(container, found.index);
}

/** One before or after the chosen iteration; from all together, the first. */
export function step(container: string, by: 1 | -1): void {
  const state = useCanvas.getState();
  const { path } = placeOf(state.family, state.chosen, container);
  const scope = scopeAt(state, path);
  const at = state.chosen[container];
  const last = scope ? Math.max(0, progressOf(scope, container).begun - 1) : 0;
  const next = at === undefined ? (by === 1 ? 0 : last) : at + by;
  if (next >= 0 && next <= last) choose(container, next);
}

const asked = new Set<string>();

/** Sees to it that the rows from `first` to `last` of a container's iterations are in the store, soon. */
export function need(container: string, outer: string, first: number, last: number): void {
  const key = listKey(container, outer);
  for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
    const rows = useCanvas.getState().lists[key];
    const from = page * PAGE;
    const until = Math.min(last, from + PAGE - 1);
    const isThere = rows && from in rows && until in rows;
    const name = `${key} ${page}`;
    if (isThere || asked.has(name)) continue;
    asked.add(name);
    void fetchPage(container, outer, from - 1, PAGE)
      .then((found) => keep(key, found, from))
      .finally(() => setTimeout(() => asked.delete(name), 1000));
  }
}

/** The first iterations in one state, for marks on the timeline and for lists that show no others. */
export async function needOfState(
  container: string,
  outer: string,
  state: "FAILED" | "COMPLETED",
): Promise<void> {
  const key = listKey(container, outer, state);
  const rows = Object.values(useCanvas.getState().lists[key] ?? {});
  const found = await fetchPage(container, outer, rows.at(-1)?.index ?? -1, PAGE, state);
  if (found.length) keep(key, found, found[0]?.index ?? 0);
}

function keep(key: string, found: readonly Iteration[], near: number): void {
  useCanvas.setState(({ lists }) => {
    const rows: Record<number, Iteration> = { ...lists[key] };
    for (const row of found) rows[row.index] = row;
    const indexes = Object.keys(rows).map(Number);
    if (indexes.length > MOST_ROWS) {
      indexes.sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
      for (const index of indexes.slice(0, indexes.length - MOST_ROWS)) delete rows[index];
    }
    return { lists: { ...lists, [key]: rows } };
  });
}

async function fetchPage(
  container: string,
  outer: string,
  after: number,
  size: number,
  state?: string,
): Promise<Iteration[]> {
  const url = useCanvas.getState().data.api?.iterations;
  if (!url) return [];
  try {
    return await fetchIterations(url, {
      container,
      path: outer,
      after,
      page_size: size,
      ...(state ? { state } : {}),
    });
  } catch (error) {
    report(`The iterations could not be loaded. ${error instanceof Error ? error.message : ""}`);
    return [];
  }
}
