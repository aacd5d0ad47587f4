/** Which rows the timeline has, in order. Pure; the rows of a loop's iterations are counted, not made. */

import type { Family } from "./family.ts";
import { iterationPath } from "./paths.ts";
import { openWait, progressOf, runAt, waitsAt } from "./scope.ts";
import { startOf } from "./states.ts";
import type { NodeRun, Scope, Wait } from "./types.ts";

/** A step, at one level. */
export interface StepRow {
  kind: "step";
  key: string;
  id: string;
  path: string;
  depth: number;
  run: NodeRun | undefined;
  waits: readonly Wait[];
  wait: Wait | undefined;
  isContainer: boolean;
  isUnfolded: boolean;
}

/** One iteration of a container. */
export interface ItemRow {
  kind: "item";
  key: string;
  container: string;
  /** Where the container stands. */
  outer: string;
  index: number;
  depth: number;
}

/** Iterations of one container that follow one another. */
interface Stretch {
  container: string;
  outer: string;
  from: number;
  count: number;
  depth: number;
}

export class Rows {
  private readonly parts: (StepRow | Stretch)[] = [];
  count = 0;

  add(part: StepRow | Stretch): void {
    this.parts.push(part);
    this.count += "count" in part ? part.count : 1;
  }

  /** Where an iteration stands among the rows; -1 when its container is folded. */
  placeOfItem(container: string, outer: string, index: number): number {
    let at = 0;
    for (const part of this.parts) {
      if (!("count" in part)) at += 1;
      else {
        const isOurs = part.container === container && part.outer === outer;
        if (isOurs && index >= part.from && index < part.from + part.count) return at + index - part.from;
        at += part.count;
      }
    }
    return -1;
  }

  /** The rows from `first` to `last`. */
  slice(first: number, last: number): (StepRow | ItemRow)[] {
    const found: (StepRow | ItemRow)[] = [];
    let at = 0;
    for (const part of this.parts) {
      const size = "count" in part ? part.count : 1;
      if (at + size > first && at <= last) {
        if ("count" in part)
          for (let place = Math.max(0, first - at); place < size && at + place <= last; place++)
            found.push(itemOf(part, part.from + place));
        else found.push(part);
      }
      at += size;
      if (at > last) break;
    }
    return found;
  }
}

function itemOf({ container, outer, depth }: Stretch, index: number): ItemRow {
  return { kind: "item", key: iterationPath(outer, container, index), container, outer, index, depth };
}

export interface RowsOf {
  family: Family;
  chosen: Readonly<Record<string, number>>;
  /** Containers that are unfolded, as `id path`. */
  unfolded: ReadonlySet<string>;
  scopeAt: (path: string) => Scope | null;
  /** The nodes' order in the definition. */
  order: ReadonlyMap<string, number>;
}

/** Steps in the order they began, then those to come; below an unfolded container its iterations. */
export function timelineRows(given: RowsOf): Rows {
  const rows = new Rows();
  addLevel(rows, given, "", "", 0);
  return rows;
}

function addLevel(rows: Rows, given: RowsOf, parent: string, path: string, depth: number): void {
  const scope = given.scopeAt(path);
  if (!scope) return;
  const steps = (given.family.childrenOf.get(parent) ?? []).flatMap((id): StepRow[] => {
    const run = runAt(scope, id, path);
    // Inside an iteration what has not begun yet is left out: there would be more of that than of anything else.
    if (run?.state === "SKIPPED" || (!run && depth > 0)) return [];
    const key = `${id} ${path}`;
    const isContainer = given.family.containers.has(id);
    return [
      {
        kind: "step",
        key,
        id,
        path,
        depth,
        run,
        waits: waitsAt(scope, id, path),
        wait: openWait(scope, id, path),
        isContainer,
        isUnfolded: isContainer && given.unfolded.has(key),
      },
    ];
  });
  const began = (row: StepRow): number => (row.run && startOf(row.run)) ?? Number.POSITIVE_INFINITY;
  const place = (row: StepRow): number => given.order.get(row.id) ?? 0;
  // Two that have not begun are both infinitely late, and their difference is no number.
  steps.sort((a, b) => (began(a) === began(b) ? place(a) - place(b) : began(a) - began(b)));
  for (const step of steps) {
    rows.add(step);
    if (step.isUnfolded) addIterations(rows, given, step, scope);
  }
}

function addIterations(rows: Rows, given: RowsOf, { id, path, depth }: StepRow, scope: Scope): void {
  const { begun } = progressOf(scope, id);
  const chosen = given.chosen[id];
  const stretch = { container: id, outer: path, depth: depth + 1 };
  if (chosen === undefined || chosen >= begun) {
    rows.add({ ...stretch, from: 0, count: begun });
    return;
  }
  rows.add({ ...stretch, from: 0, count: chosen + 1 });
  addLevel(rows, given, id, iterationPath(path, id, chosen), depth + 2);
  rows.add({ ...stretch, from: chosen + 1, count: begun - chosen - 1 });
}
