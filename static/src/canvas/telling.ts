/** What of a run is said aloud, and which step is shown first. Pure. */

import type { CardModel } from "./models.ts";
import { openWait, runAt } from "./scope.ts";
import { STATUS_WORDS, viewOf } from "./states.ts";
import { type Snapshot, TERMINAL } from "./types.ts";

/** What the latest messages changed, in words. Inside containers only what somebody must look at is said. */
export function announce(
  old: Snapshot,
  next: Snapshot,
  cards: Readonly<Record<string, CardModel>>,
  now: number,
): string | null {
  if (old.status !== next.status) return `The run: ${STATUS_WORDS[next.status]}.`;
  const said: string[] = [];
  const isOver = TERMINAL.has(next.status);
  for (const run of next.node_runs) {
    const before = runAt(old, run.node_id, run.path);
    if (before === run || before?.state === run.state || run.state === "PENDING" || run.state === "SKIPPED")
      continue;
    const view = viewOf(run, { isOver, wait: openWait(next, run.node_id, run.path) }, now, false);
    if (run.path !== "" && view.tone !== "human" && view.tone !== "review") continue;
    said.push(`${cards[run.node_id]?.node.name ?? run.node_id}: ${view.word}.`);
  }
  return said.length ? said.slice(0, 5).join(" ") : null;
}

/** What a person came to see: what failed, what waits, what runs, else the last to finish. */
export function initialSelection(snapshot: Snapshot): string | null {
  const order = ["NEEDS_REVIEW", "FAILED", "WAITING_INPUT", "RETRYING", "RUNNING"] as const;
  const runs = snapshot.node_runs.filter((run) => run.path === "");
  for (const state of order) {
    const run = runs.find((candidate) => candidate.state === state);
    if (run) return run.node_id;
  }
  const done = runs.filter((run) => run.finished_at !== null && run.state === "COMPLETED");
  done.sort((a, b) => Date.parse(a.finished_at ?? "") - Date.parse(b.finished_at ?? ""));
  return done.at(-1)?.node_id ?? null;
}
