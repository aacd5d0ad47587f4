import { expect, it } from "vitest";
import { familyOf } from "./family.ts";
import { timelineRows } from "./timeline-rows.ts";
import type { NodeRun, Scope } from "./types.ts";

const names = ["t", "lines", "a", "b", "end"];
const family = familyOf(
  names.map((id) => ({
    id,
    name: id,
    type: "FLOW",
    subtype: "X",
    ...(["a", "b"].includes(id) ? { parent: "lines" } : {}),
  })),
  () => undefined,
);
const run = (node_id: string, path: string, second: number): NodeRun => ({
  node_id,
  path,
  state: "RUNNING",
  attempt: 1,
  started_at: new Date(second * 1000).toISOString(),
  finished_at: null,
});
const root: Scope = {
  seq: 1,
  node_runs: [run("t", "", 0), run("lines", "", 1), run("lines", "lines[9999]", 90)],
  counts: [{ node_id: "lines", is_iteration: true, state: "COMPLETED", port: null, count: 9999 }],
  waits: [],
};
const round: Scope = {
  path: "lines[4]",
  seq: 1,
  node_runs: [run("b", "lines[4]", 4)],
  counts: [],
  waits: [],
};
const rowsOf = (unfolded: string[], chosen: Record<string, number> = {}) =>
  timelineRows({
    family,
    chosen,
    unfolded: new Set(unfolded),
    order: new Map(names.map((id, place) => [id, place])),
    scopeAt: (path) => (path === "" ? root : path === "lines[4]" ? round : null),
  });
const keys = (rows: ReturnType<typeof rowsOf>, first: number, last: number): string[] =>
  rows.slice(first, last).map((row) => row.key.trim());

it("has one row for a folded loop of ten thousand items", () => {
  expect(keys(rowsOf([]), 0, 99)).toEqual(["t", "lines", "end"]);
});

it("makes of an unfolded loop only the rows that are looked at", () => {
  const rows = rowsOf(["lines "]);
  expect(rows.count).toBe(10_003);
  expect(keys(rows, 0, 3)).toEqual(["t", "lines", "lines[0]", "lines[1]"]);
  expect(keys(rows, 10_000, 10_002)).toEqual(["lines[9998]", "lines[9999]", "end"]);
});

it("shows the steps of the chosen item below it", () => {
  const rows = rowsOf(["lines "], { lines: 4 });
  expect(rows.count).toBe(10_004);
  expect(rows.placeOfItem("lines", "", 4)).toBe(6);
  expect(rows.placeOfItem("lines", "", 5)).toBe(8);
  expect(rowsOf([]).placeOfItem("lines", "", 5)).toBe(-1);
  expect(keys(rows, 6, 8)).toEqual(["lines[4]", "b lines[4]", "lines[5]"]);
});
