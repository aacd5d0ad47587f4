/** What can be taken back, and done again. */

import type { Definition } from "../../canvas/types.ts";
import { takingTheirs } from "./choices.ts";
import { merge } from "./merge.ts";

export interface Step {
  /** What was done, as the button says it: "Undo move". */
  label: string;
  before: Definition;
  after: Definition;
  /** Steps with the same key that follow one another at once are one: typing, dragging. */
  key?: string | undefined;
  at: number;
}

export interface History {
  past: readonly Step[];
  future: readonly Step[];
}

export const NOTHING: History = { past: [], future: [] };
const LONGEST = 500;
/** So long after the last one a step with the same key is one of its own, in milliseconds. */
const PAUSE = 1_500;

export function done(history: History, step: Step): History {
  const last = history.past.at(-1);
  const isSame = last && step.key !== undefined && last.key === step.key && step.at - last.at < PAUSE;
  const past = isSame
    ? [...history.past.slice(0, -1), { ...step, before: last.before }]
    : [...history.past, step].slice(-LONGEST);
  return { past, future: [] };
}

/** The definition without the last step, whatever others changed since. Null where there is nothing to take back. */
export function undone(
  history: History,
  now: Definition,
): { history: History; definition: Definition } | null {
  const step = history.past.at(-1);
  if (!step) return null;
  const definition = now === step.after ? step.before : beside(step.after, step.before, now);
  return {
    history: { past: history.past.slice(0, -1), future: [step, ...history.future] },
    definition,
  };
}

/** The definition with the last step that was taken back. */
export function redone(
  history: History,
  now: Definition,
): { history: History; definition: Definition } | null {
  const [step, ...future] = history.future;
  if (!step) return null;
  const definition = now === step.before ? step.after : beside(step.before, step.after, now);
  return { history: { past: [...history.past, step], future }, definition };
}

/** A step from one state to another, taken in a third. What others changed since stays as they have it. */
function beside(from: Definition, to: Definition, now: Definition): Definition {
  const { definition, conflicts } = merge(from, to, now);
  return takingTheirs(definition, conflicts);
}
