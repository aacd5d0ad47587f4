import { describe, expect, it } from "vitest";
import { type StepRow, traceOf } from "./trace.ts";
import type { Json } from "./types.ts";
import { written } from "./writing.ts";

const step = (key: string, result: Json, more: Partial<StepRow> = {}): StepRow => ({
  key,
  state: "DONE",
  effect: "read",
  failures: 0,
  started_at: "2026-01-01T00:00:00Z",
  finished_at: null,
  result,
  large: null,
  ...more,
});
const turn = (text: string, calls: Json[] = [], more = {}): Json => ({
  message: { role: "assistant", parts: [{ kind: "text", text }], calls, reasoning: "Hm." },
  usage: { input: 100, output: 20 },
  cost: 0.01,
  model: "m",
  provider: "openai",
  attempts: [{ provider: "openai", model: "m", outcome: "answered", seconds: 1 }],
  seconds: 1.5,
  finish: "tools",
  notes: [],
  ...more,
});
const call = (name: string, args: Json = {}): Json => ({ id: name, name, arguments: args, wrong: "" });
const STEPS: StepRow[] = [
  step("memory:m", { name: "Customer", messages: [{ role: "user", parts: [{ kind: "text", text: "Hi" }] }] }),
  step("offers:t", {
    name: "Shop",
    offers: [{ function: { name: "find" }, needs_approval: true, title: "Find" }],
  }),
  step("turn:2", turn("Done.", [], { cost: null, finish: "stop" })),
  step("turn:1", turn("", [call("find", { q: 1 }), call("pay"), call("later"), call("no")])),
  step("turn:1/tool:0", {
    name: "find",
    title: "Find",
    tool: "t",
    arguments: { q: 2 },
    result: [1],
    seconds: 0.5,
    approved_by: "Bob",
    edited: true,
  }),
  step("turn:1/tool:1", null, { state: "STARTED" }),
  step("turn:1/tool:3/approval", {
    outcome: "rejected",
    comment: "Not today",
    answered_by: { label: "Eve" },
  }),
  step("turn:1/tool:3", {
    name: "no",
    arguments: {},
    error: { code: "ai.refused", message: "No." },
    refused: true,
  }),
];

describe("a trace", () => {
  it("tells turns in order, each call with what became of it", () => {
    const trace = traceOf(STEPS);
    expect(trace?.turns.map(({ number, text, reasoning }) => [number, text, reasoning])).toEqual([
      [1, "", "Hm."],
      [2, "Done.", "Hm."],
    ]);
    const calls = trace?.turns[0]?.calls ?? [];
    expect(calls.map(({ title, state }) => `${title} ${state}`)).toEqual([
      "Find done",
      "pay sent",
      "later open",
      "no refused",
    ]);
    expect(calls[0]).toMatchObject({ arguments: { q: 2 }, result: [1], approvedBy: "Bob", isEdited: true });
    expect(calls[3]).toMatchObject({ approvedBy: "Eve", comment: "Not today", error: { message: "No." } });
    expect(trace?.memories[0]).toMatchObject({ name: "Customer", messages: [{ role: "user", text: "Hi" }] });
    expect(trace?.offers[0]?.functions[0]).toMatchObject({ title: "Find", needsApproval: true });
  });

  it("sums what is known", () => {
    expect(traceOf(STEPS)?.totals).toEqual({ turns: 2, calls: 4, input: 200, output: 40, cost: 0.01 });
    expect(traceOf([step("turn:1", turn("", [], { cost: null }))])?.totals.cost).toBeNull();
    expect(traceOf([step("turn:1", turn("", [], { cost: "0.002" }))])?.totals.cost).toBe(0.002);
  });

  it("shows the turn in flight until its result is there", () => {
    const writing = { "turn:2": "old", "turn:3": "Dear" };
    const turns = traceOf(STEPS, writing)?.turns ?? [];
    expect(turns.map(({ text, isOpen }) => [text, isOpen])).toEqual([
      ["", false],
      ["Done.", false],
      ["Dear", true],
    ]);
    expect(traceOf([], {})).toBeNull();
  });

  it("takes results it does not know for nothing", () => {
    for (const odd of [null, 1, [], "x", { message: 3, usage: [], attempts: {} }])
      expect(traceOf([step("turn:1", odd as Json), step("offers:x", odd as Json)])?.turns[0]?.text).toBe("");
  });
});

describe("what is being written", () => {
  it("grows by pieces, until it is void", () => {
    const parts = [
      { part: "turn:1", text: "De" },
      { part: "turn:2", text: "x" },
      { part: "turn:1", text: "ar" },
    ].reduce(written, {});
    expect(parts).toEqual({ "turn:1": "Dear", "turn:2": "x" });
    expect(written(parts, { part: "turn:1", text: "" })).toEqual({ "turn:2": "x" });
  });
});
