import { describe, expect, it } from "vitest";
import { applyChange, applyChanges, applyToScope, isGap } from "./reducer.ts";
import { progressOf, standing, tallyOf } from "./scope.ts";
import type {
  Attempt,
  ChangeMessage,
  Count,
  NodeRun,
  NodeRunChange,
  Scope,
  Snapshot,
  Wait,
} from "./types.ts";

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
  counts: [],
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
  total: null,
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

  it("makes of many messages at once what it makes of each after the other", () => {
    expect(applyChanges(empty(), story)).toEqual(fresh);
    expect(applyChanges(empty(), [])).toEqual(empty());
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

/** Changes written as `label lines[0] COMPLETED main`, with `@` for the workflow's own level. */
const told = (seq: number, ...changes: string[]): ChangeMessage => ({
  seq,
  at: T(seq),
  changes: changes.map((change): NodeRunChange => {
    const [node_id = "", path = "", state = "", port = null] = change.split(" ");
    return { node_id, path: path === "@" ? "" : path, state: state as NodeRun["state"], attempt: 1, port };
  }),
});

/** Two lines; the second holds a loop of its own, in which a person is asked. */
const loops: ChangeMessage[] = [
  {
    seq: 1,
    at: T(1),
    changes: [{ node_id: "lines", path: "", state: "RUNNING", attempt: 1, total: 2 }],
  },
  told(2, "lines lines[0] RUNNING", "label lines[0] RUNNING", "lines lines[1] RUNNING"),
  told(3, "label lines[0] COMPLETED main", "label lines[1] COMPLETED main", "sizes lines[1] RUNNING"),
  told(4, "sizes lines[1]/sizes[0] RUNNING", "ask lines[1]/sizes[0] WAITING_INPUT"),
  {
    seq: 5,
    at: T(5),
    changes: [{ wait: { ...wait(null), path: "lines[1]/sizes[0]" } }],
  },
  told(6, "lines lines[0] FAILED"),
  {
    seq: 7,
    at: T(7),
    changes: [{ wait: { id: "w1", node_id: "ask", kind: "human", resolved_at: T(9), resolved_by: "bob" } }],
  },
  told(8, "ask lines[1]/sizes[0] COMPLETED rejected", "sizes lines[1]/sizes[0] COMPLETED"),
  told(9, "sizes lines[1] COMPLETED main", "lines lines[1] COMPLETED main"),
  told(10, "lines @ COMPLETED main"),
];

const counted = (scope: Scope): string[] =>
  scope.counts
    .map(
      (row: Count) => `${row.node_id}${row.is_iteration ? "[]" : ""} ${row.state} ${row.port} ${row.count}`,
    )
    .sort();
const openIn = (scope: Scope): string[] =>
  scope.node_runs.map((one) => `${one.node_id} ${one.path} ${one.state}`).sort();

describe("loops", () => {
  it("keeps of what is inside only what is open, and counts the rest", () => {
    const asking = applyChanges(empty(), loops.slice(0, 5));
    expect(openIn(asking)).toEqual([
      "ask lines[1]/sizes[0] WAITING_INPUT",
      "lines  RUNNING",
      "lines lines[0] RUNNING",
      "lines lines[1] RUNNING",
      "sizes lines[1] RUNNING",
      "sizes lines[1]/sizes[0] RUNNING",
    ]);
    expect(counted(asking)).toEqual(["label COMPLETED main 2"]);
    const over = applyChanges(empty(), loops);
    expect(openIn(over)).toEqual(["lines  COMPLETED"]);
    expect(over.waits).toEqual([]);
    expect(counted(over)).toEqual([
      "ask COMPLETED rejected 1",
      "label COMPLETED main 2",
      "lines[] COMPLETED main 1",
      "lines[] FAILED null 1",
      "sizes COMPLETED main 1",
      "sizes[] COMPLETED null 1",
    ]);
  });

  it.each(loops.map((_, index) => index))(
    "reaches the same from a snapshot taken before change %i",
    (index) => {
      const early = loops.slice(0, index).reduce(applyChange, empty());
      const late = applyChanges(early, loops);
      expect({ ...late, counts: counted(late) }).toEqual({
        ...applyChanges(empty(), loops),
        counts: counted(applyChanges(empty(), loops)),
      });
    },
  );

  it("follows one iteration in full", () => {
    const start: Scope = { path: "lines[1]", seq: 2, node_runs: [], counts: [], waits: [] };
    const asking = applyToScope(start, loops.slice(0, 5));
    expect(openIn(asking)).toEqual([
      "ask lines[1]/sizes[0] WAITING_INPUT",
      "label lines[1] COMPLETED",
      "sizes lines[1] RUNNING",
      "sizes lines[1]/sizes[0] RUNNING",
    ]);
    expect(asking.waits).toHaveLength(1);
    const over = applyToScope(asking, loops);
    expect(openIn(over)).toEqual([
      "label lines[1] COMPLETED",
      "lines lines[1] COMPLETED",
      "sizes lines[1] COMPLETED",
    ]);
    expect(counted(over)).toEqual(["ask COMPLETED rejected 1", "sizes[] COMPLETED null 1"]);
  });

  it("tells how far a loop is and what its iterations wait for", () => {
    const asking = applyChanges(empty(), loops.slice(0, 5));
    expect(progressOf(asking, "lines")).toMatchObject({ total: 2, over: 0, running: 1, asked: 1, begun: 2 });
    expect(standing(asking, "lines[1]")).toBe("asked");
    expect(tallyOf(asking, "label")).toMatchObject({ done: 2, ports: { main: 2 } });
    const over = applyChanges(empty(), loops);
    expect(progressOf(over, "lines")).toMatchObject({ total: null, over: 2, done: 1, failed: 1, begun: 2 });
  });

  it("remembers no more of ten thousand iterations than of ten", () => {
    let snapshot = empty();
    for (let index = 0; index < 10_000; index += 100)
      snapshot = applyChanges(
        snapshot,
        Array.from({ length: 100 }, (_, at) =>
          told(
            index + at + 1,
            `lines lines[${index + at}] RUNNING`,
            `label lines[${index + at}] COMPLETED main`,
            ...(index + at >= 5 ? [`lines lines[${index + at - 5}] COMPLETED`] : []),
          ),
        ),
      );
    expect(snapshot.node_runs).toHaveLength(5);
    expect(snapshot.counts).toHaveLength(2);
    expect(progressOf(snapshot, "lines")).toMatchObject({ done: 9995, running: 5 });
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

  it("keeps how far a node says it is while it runs, and no longer", () => {
    const said = (seq: number, state: NodeRun["state"], progress?: NodeRun["progress"]): ChangeMessage => ({
      seq,
      at: T(seq),
      changes: [{ node_id: "export", state, attempt: 1, ...(progress ? { progress } : {}) }],
    });
    const first = applyChange(empty(), said(1, "RUNNING", { done: 4, total: 10 }));
    expect(first.node_runs[0]?.progress).toEqual({ done: 4, total: 10 });
    const second = applyChange(first, said(2, "RUNNING"));
    expect(second.node_runs[0]?.progress).toEqual({ done: 4, total: 10 });
    expect(applyChange(second, said(3, "COMPLETED")).node_runs[0]?.progress).toBeUndefined();
  });
});
