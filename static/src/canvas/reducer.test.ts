import { describe, expect, it } from "vitest";
import { applyChange, isGap } from "./reducer.ts";
import type { Attempt, ChangeMessage, NodeRun, Snapshot, Wait } from "./types.ts";

const T = (second: number): string => `2026-11-20T09:12:${String(second).padStart(2, "0")}Z`;

const empty = (rest: Partial<Snapshot> = {}): Snapshot => ({
  id: "e",
  workflow_id: "w",
  workflow_name: "Order approval",
  version: 1,
  status: "NEW",
  seq: 0,
  created_at: T(0),
  started_at: null,
  finished_at: null,
  error: null,
  definition: { nodes: [], connections: [] },
  remaining_nodes: ["hook", "stock", "ask", "ship"],
  resume_count: 0,
  node_runs: [],
  waits: [],
  ...rest,
});

const attempt = (number: number, from: number, to: number | null, code?: string): Attempt => ({
  number,
  started_at: T(from),
  finished_at: to === null ? null : T(to),
  error: code ? { code } : null,
});

const run = (rest: Partial<NodeRun> & Pick<NodeRun, "node_id" | "state">): NodeRun => ({
  path: "",
  attempt: 1,
  max_attempts: 1,
  port: null,
  also: [],
  retry_at: null,
  started_at: null,
  finished_at: null,
  error: null,
  attempts: [],
  ...rest,
});

const wait = (resolved: number | null): Wait => ({
  id: "w1",
  node_id: "ask",
  kind: "human",
  opened_at: T(5),
  wake_at: T(50),
  resolved_at: resolved === null ? null : T(resolved),
});

/** A run as it is told live: a retry, a question, a skipped branch, the end. */
const story: ChangeMessage[] = [
  { seq: 1, at: T(1), changes: [{ status: "RUNNING", started_at: T(1), resume_count: 1 }] },
  {
    seq: 2,
    at: T(1),
    changes: [
      { node_id: "hook", state: "COMPLETED", attempt: 1, port: "main", started_at: T(1), finished_at: T(1) },
      { node_id: "stock", path: "", state: "RUNNING", attempt: 1, max_attempts: 2, started_at: T(1) },
    ],
  },
  {
    seq: 3,
    at: T(2),
    changes: [{ node_id: "stock", state: "RETRYING", attempt: 1, error_code: "http.status" }],
  },
  { seq: 4, at: T(3), changes: [{ node_id: "stock", state: "RUNNING", attempt: 2 }] },
  {
    seq: 5,
    at: T(5),
    changes: [
      { node_id: "stock", state: "COMPLETED", attempt: 2, port: "main", finished_at: T(5), error_code: null },
      { node_id: "ask", state: "WAITING_INPUT", attempt: 1, started_at: T(5) },
      { wait: wait(null) },
      { status: "WAITING_FOR_HUMAN" },
    ],
  },
  {
    seq: 6,
    at: T(9),
    changes: [
      { wait: { id: "w1", node_id: "ask", kind: "human", resolved_at: T(9), resolved_by: "bob" } },
      { node_id: "ask", state: "COMPLETED", attempt: 1, port: "rejected", finished_at: T(9) },
      { node_id: "ship", state: "SKIPPED", attempt: 0 },
      { status: "SUCCESS", finished_at: T(9) },
    ],
  },
];

const fresh = empty({
  status: "SUCCESS",
  seq: 6,
  started_at: T(1),
  finished_at: T(9),
  resume_count: 1,
  remaining_nodes: [],
  waits: [{ ...wait(9), resolved_by: "bob" }],
  node_runs: [
    run({
      node_id: "hook",
      state: "COMPLETED",
      port: "main",
      started_at: T(1),
      finished_at: T(1),
      attempts: [attempt(1, 1, 1)],
    }),
    run({
      node_id: "stock",
      state: "COMPLETED",
      attempt: 2,
      max_attempts: 2,
      port: "main",
      started_at: T(1),
      finished_at: T(5),
      attempts: [attempt(1, 1, 2, "http.status"), attempt(2, 3, 5)],
    }),
    run({
      node_id: "ask",
      state: "COMPLETED",
      port: "rejected",
      started_at: T(5),
      finished_at: T(9),
      attempts: [attempt(1, 5, 9)],
    }),
    run({ node_id: "ship", state: "SKIPPED", attempt: 0 }),
  ],
});

describe("applyChange", () => {
  it("makes of the old snapshot and the changes what a fresh snapshot is", () => {
    expect(story.reduce(applyChange, empty())).toEqual(fresh);
  });

  it.each(story.map((_, index) => index))(
    "reaches the same from a snapshot taken before change %i",
    (index) => {
      const early = story.slice(0, index).reduce(applyChange, empty());
      // Whoever resumes may get messages twice.
      expect(story.reduce(applyChange, early)).toEqual(fresh);
    },
  );

  it("leaves what did not change as it was", () => {
    const before = story.slice(0, 2).reduce(applyChange, empty());
    const after = applyChange(before, {
      seq: 3,
      at: T(2),
      changes: [{ node_id: "stock", state: "RETRYING", attempt: 1 }],
    });
    expect(after.node_runs[0]).toBe(before.node_runs[0]);
    expect(after.waits).toBe(before.waits);
    expect(before.node_runs[1]?.state).toBe("RUNNING");
  });

  it("keeps payloads and a known error text through later changes", () => {
    const before = empty({
      seq: 7,
      node_runs: [
        run({ node_id: "stock", state: "FAILED", output: { a: 1 }, error: { code: "x", message: "Why" } }),
      ],
    });
    const after = applyChange(before, {
      seq: 8,
      changes: [{ node_id: "stock", state: "FAILED", attempt: 1, error_code: "x" }],
    });
    expect(after.node_runs[0]).toMatchObject({ output: { a: 1 }, error: { code: "x", message: "Why" } });
  });

  it("tells iterations of one node apart by their path", () => {
    const after = applyChange(empty(), {
      seq: 1,
      changes: [
        { node_id: "label", path: "each.0", state: "COMPLETED", attempt: 1 },
        { node_id: "label", path: "each.1", state: "RUNNING", attempt: 1 },
      ],
    });
    expect(after.node_runs.map(({ path, state }) => [path, state])).toEqual([
      ["each.0", "COMPLETED"],
      ["each.1", "RUNNING"],
    ]);
  });

  it("takes attempts as the server tells them when it does", () => {
    const attempts = [attempt(1, 1, 2, "x")];
    const after = applyChange(empty(), {
      seq: 1,
      at: T(9),
      changes: [{ node_id: "stock", state: "RETRYING", attempt: 1, attempts }],
    });
    expect(after.node_runs[0]?.attempts).toEqual(attempts);
  });
});

describe("isGap", () => {
  const at4 = empty({ seq: 4 });
  it("takes the next change and repeats, and misses what was left out", () => {
    expect(isGap(at4, { seq: 5, changes: [] })).toBe(false);
    expect(isGap(at4, { seq: 3, changes: [] })).toBe(false);
    expect(isGap(at4, { seq: 6, changes: [] })).toBe(true);
  });
  it("hears from a keep-alive that changes were lost", () => {
    expect(isGap(at4, { seq: 4 })).toBe(false);
    expect(isGap(at4, { seq: 5 })).toBe(true);
  });
});
