/** What a person tests a workflow with, kept in this browser: trigger, inputs, breakpoints. */

import type { Json } from "../../canvas/types.ts";

export interface Memory {
  /** The trigger that was tested from last. */
  trigger?: string;
  /** What each trigger was given last, by node id. */
  inputs: Record<string, Json>;
  breakpoints: string[];
}

/** The longest memory that is kept, in characters: a large input is asked for again instead. */
const LONGEST = 200_000;

const keyFor = (workflow: string, person: string): string => `agentflow.test.${person}.${workflow}`;

/** Never raises: what cannot be read was never kept. */
export function recall(workflow: string, person: string): Memory {
  const nothing: Memory = { inputs: {}, breakpoints: [] };
  try {
    const found: unknown = JSON.parse(localStorage.getItem(keyFor(workflow, person)) ?? "null");
    return typeof found === "object" && found !== null
      ? { ...nothing, ...(found as Partial<Memory>) }
      : nothing;
  } catch {
    return nothing;
  }
}

export function remember(workflow: string, person: string, memory: Memory): void {
  const text = JSON.stringify(memory);
  const kept = text.length > LONGEST ? JSON.stringify({ ...memory, inputs: {} }) : text;
  try {
    localStorage.setItem(keyFor(workflow, person), kept);
  } catch {
    // A full or forbidden storage: the next visit asks again.
  }
}
