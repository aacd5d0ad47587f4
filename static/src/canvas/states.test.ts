import { describe, expect, it } from "vitest";
import type { Tally } from "./scope.ts";
import { edgeOfTallies, edgeState, legend, ordinal, viewOf, viewOfTally } from "./states.ts";
import type { NodeRun, NodeState } from "./types.ts";

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
const going = { isOver: false };
const line = (
  one: NodeRun | undefined,
  around: Parameters<typeof viewOf>[1] = going,
  hasOutcomes = false,
): string => {
  const view = viewOf(one, around, 875_000, hasOutcomes);
  return [view.tone, view.lead, view.rest].join("|");
};

describe("viewOf", () => {
  it("says what a step did", () => {
    expect(line(undefined)).toBe("none||Not yet");
    expect(line(undefined, { isOver: true })).toBe("none||Not reached");
    expect(line(run("COMPLETED", { finished_at: at(1.9), attempt: 2 }))).toBe("success|1.9 s|2nd try");
    expect(line(run("COMPLETED", { finished_at: at(0.001), port: "true" }), going, true)).toBe(
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
    expect(line(run("WAITING_INPUT"), { isOver: false, wait: { ...wait, kind: "human" } })).toBe(
      "human|14 min|Asked",
    );
    expect(line(run("WAITING_INPUT"), { isOver: false, wait: { ...wait, kind: "timer" } })).toBe(
      "waiting|14 min|Waiting",
    );
  });
});

const tally = (rest: Partial<Tally>): Tally => ({
  done: 0,
  failed: 0,
  skipped: 0,
  canceled: 0,
  running: 0,
  waiting: 0,
  asked: 0,
  review: 0,
  ports: {},
  ...rest,
});

describe("viewOfTally", () => {
  const said = (rest: Partial<Tally>, isOver = false): string => {
    const view = viewOfTally(tally(rest), isOver);
    return [view.tone, view.lead, view.rest].join("|");
  };
  it("says first where somebody has to look", () => {
    expect(said({})).toBe("none||Not yet");
    expect(said({}, true)).toBe("none||Not reached");
    expect(said({ done: 37, running: 5 })).toBe("running|5 running|37 done");
    expect(said({ done: 37, running: 5, failed: 2 })).toBe("running|5 running|2 failed");
    expect(said({ done: 9998, failed: 2 })).toBe("error|2 failed|9,998 done");
    expect(said({ done: 100 })).toBe("success|100 done|");
    expect(said({ done: 3, running: 2, asked: 1 })).toBe("human|1 asked|3 done");
    expect(said({ skipped: 4, done: 6 })).toBe("success|6 done|4 skipped");
  });

  it("colours a connection by what went along it", () => {
    const source = tally({ done: 3, ports: { true: 3 } });
    expect(edgeOfTallies(source, "true", tally({}), false)).toBe("taken");
    expect(edgeOfTallies(source, "true", tally({ running: 1 }), false)).toBe("running");
    expect(edgeOfTallies(source, "false", tally({}), false)).toBe("off");
    expect(edgeOfTallies(tally({ running: 1 }), "main", tally({}), true)).toBe("idle");
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
    viewOf(one, going, 0, false),
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
