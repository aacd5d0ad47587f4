/** The steps of node runs, asked for when somebody looks at them. */

import { useEffect } from "react";
import { create } from "zustand";
import { fetchSteps } from "./live.ts";
import { runIn, useCanvas } from "./store.ts";
import type { StepRow } from "./trace.ts";
import { NOTHING, useWriting, writingKey } from "./writing.ts";

interface Loaded {
  rows: readonly StepRow[];
  isReady: boolean;
  problem: string;
}

const NONE: Loaded = { rows: [], isReady: false, problem: "" };
/** How often it is looked for new steps while the node is at work: they are told nowhere else. */
const LOOK = 2000;

const useSteps = create<{ of: Readonly<Record<string, Loaded>> }>()(() => ({ of: {} }));
const asking = new Map<string, { again: boolean }>();

/** The steps of one node run and what it is writing now, kept up to date while they are shown. */
export function useNodeSteps(
  nodeId: string,
  path: string,
): Loaded & { writing: Readonly<Record<string, string>> } {
  const execution = useCanvas((state) => state.snapshot?.id ?? "");
  const state = useCanvas((now) => runIn(now, nodeId, path)?.state);
  const key = writingKey(execution, nodeId, path);
  const writing = useWriting(({ of }) => of[key] ?? NOTHING);
  const loaded = useSteps(({ of }) => of[key] ?? NONE);
  const parts = Object.keys(writing).length;
  // A new part means that the one before it is done.
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for again when any of these changes
  useEffect(() => {
    if (state !== undefined && state !== "PENDING") void load(key, nodeId, path);
  }, [key, state, parts]);
  useEffect(() => {
    if (state !== "RUNNING") return;
    const timer = setInterval(() => void load(key, nodeId, path), LOOK);
    return () => clearInterval(timer);
  }, [key, nodeId, path, state]);
  return { ...loaded, writing };
}

async function load(key: string, nodeId: string, path: string): Promise<void> {
  const now = asking.get(key);
  if (now) {
    now.again = true;
    return;
  }
  const url = useCanvas.getState().data.api?.steps;
  const put = (change: Partial<Loaded>): void =>
    useSteps.setState(({ of }) => ({ of: { ...of, [key]: { ...(of[key] ?? NONE), ...change } } }));
  if (!url) return put({ isReady: true });
  const turn = { again: false };
  asking.set(key, turn);
  try {
    const { rows } = useSteps.getState().of[key] ?? NONE;
    // What is done stays as it is: only what comes after it is asked for.
    const open = rows.findIndex((row) => row.state !== "DONE");
    const firm = open < 0 ? rows : rows.slice(0, open);
    const fresh = await fetchSteps(url, { node: nodeId, path, after: firm.length });
    const known = new Set(fresh.map((row) => row.key));
    put({ rows: [...firm.filter((row) => !known.has(row.key)), ...fresh], isReady: true, problem: "" });
  } catch (error) {
    put({ isReady: true, problem: error instanceof Error ? error.message : String(error) });
  } finally {
    asking.delete(key);
  }
  if (turn.again) await load(key, nodeId, path);
}
