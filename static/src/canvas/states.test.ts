import { describe, expect, it } from "vitest";
import { edgeState, legend, ordinal, viewOf } from "./states.ts";
import type { NodeRun, NodeState, Snapshot } from "./types.ts";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const run = (state: NodeState, rest: Partial<NodeRun> = {}): NodeRun => ({
  node_id: "n",
  path: "",
  state,
  attempt: 1,
  started_at: at(0),
  finished_at: null,
  ...rest,
});
const snapshot = (rest: Partial<Snapshot> = {}): Snapshot =>
  ({ status: "RUNNING", node_runs: [], waits: [], ...rest }) as unknown as Snapshot;
const line = (one: NodeRun | undefined, whole = snapshot(), hasOutcomes = false): string => {
  const view = viewOf(one, whole, 875_000, hasOutcomes);
  return [view.tone, view.lead, view.rest].join("|");
};

describe("viewOf", () => {
  it("says what a step did", () => {
    expect(line(undefined)).toBe("none||Not yet");
    expect(line(undefined, snapshot({ status: "ERROR" }))).toBe("none||Not reached");
    expect(line(run("COMPLETED", { finished_at: at(1.9), attempt: 2 }))).toBe("success|1.9 s|2nd try");
    expect(line(run("COMPLETED", { finished_at: at(0.001), port: "true" }), snapshot(), true)).toBe(
      "success|1 ms|true",
    );
    expect(line(run("RETRYING", { max_attempts: 4 }))).toBe("running|14 min|try 2 of 4");
    expect(
      line(run("FAILED", { attempt: 4, error: { code: "http.status", message: "It answered 503." } })),
    ).toBe("error|4 tries|HTTP error");
    expect(line(run("SKIPPED"))).toBe("none||Skipped");
  });

  it("tells a person from a timer by the open wait", () => {
    const wait = { id: "w", node_id: "n", opened_at: at(0), wake_at: null, resolved_at: null };
    expect(line(run("WAITING_INPUT"), snapshot({ waits: [{ ...wait, kind: "human" }] }))).toBe(
      "human|14 min|Asked",
    );
    expect(line(run("WAITING_INPUT"), snapshot({ waits: [{ ...wait, kind: "timer" }] }))).toBe(
      "waiting|14 min|Waiting",
    );
  });
});

describe("edgeState", () => {
  const done = run("COMPLETED", { port: "true" });
  it("follows the port that was taken", () => {
    expect(edgeState(done, "true", run("RUNNING"))).toBe("running");
    expect(edgeState(done, "true", undefined)).toBe("taken");
    expect(edgeState(done, "false", undefined)).toBe("off");
    expect(edgeState({ ...done, also: ["false"] }, "false", undefined)).toBe("taken");
    expect(edgeState(run("FAILED"), "error", undefined)).toBe("failed");
    expect(edgeState(run("FAILED"), "main", undefined)).toBe("off");
    expect(edgeState(run("SKIPPED"), "main", undefined)).toBe("off");
    expect(edgeState(undefined, "main", undefined)).toBe("idle");
  });
});

it("counts the states that occur", () => {
  const views = [run("COMPLETED"), run("COMPLETED"), run("RUNNING"), undefined].map((one) =>
    viewOf(one, snapshot(), 0, false),
  );
  expect(legend(views).map(({ word, count }) => `${word} ${count}`)).toEqual([
    "Done 2",
    "Running 1",
    "Not yet 1",
  ]);
});

it("counts tries", () => {
  expect([1, 2, 3, 4, 11, 21].map(ordinal)).toEqual(["1st", "2nd", "3rd", "4th", "11th", "21st"]);
});
