/** A copy of unsaved work in this tab, so that neither a crash nor a reload loses it. */

import type { Definition } from "../../canvas/types.ts";
import type { Conflict } from "../document/merge.ts";

/** Unsaved work, and what it was made from. */
export interface Copy {
  /** When it was last changed, in milliseconds. */
  at: number;
  revision: number;
  base: Definition;
  definition: Definition;
  conflicts: readonly Conflict[];
}

const placeOf = (workflow: string, person: string): string => `draft:${workflow}:${person}`;

/** Keeps the copy. Says whether there was room. */
export function keep(workflow: string, person: string, copy: Copy): boolean {
  try {
    sessionStorage.setItem(placeOf(workflow, person), JSON.stringify(copy));
    return true;
  } catch {
    return false; // full, or not allowed: leaving the page asks then
  }
}

export function forget(workflow: string, person: string): void {
  try {
    sessionStorage.removeItem(placeOf(workflow, person));
  } catch {
    // nothing was kept either
  }
}

/** What was kept of a workflow, if anything that can be read. */
export function keptOf(workflow: string, person: string): Copy | null {
  try {
    const copy = JSON.parse(sessionStorage.getItem(placeOf(workflow, person)) ?? "null") as Copy | null;
    return copy?.definition?.nodes && copy.base?.nodes ? { ...copy, conflicts: copy.conflicts ?? [] } : null;
  } catch {
    return null;
  }
}
