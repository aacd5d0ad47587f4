import { expect, test } from "vitest";
import type { Json } from "../../../canvas/types.ts";
import { cutJson, type Folds, pathOf, placeOf, plain, rowsOf, sizeWords } from "./rows.ts";

const NOTHING: Folds = new Map();
const ORDER: Json = {
  id: "A-1",
  lines: [{ sku: "x", "odd key": 1 }],
  customer: { address: { city: "Ulm" } },
};

const told = (value: Json, folds: Folds = NOTHING, needle = ""): string[] =>
  rowsOf(value, folds, needle).map((row) => pathOf(row, "$json"));

test("two levels are open, what is deeper is folded", () => {
  expect(told(ORDER)).toEqual([
    "$json.id",
    "$json.lines",
    "$json.lines[0]",
    "$json.lines[0].sku",
    '$json.lines[0]["odd key"]',
    "$json.customer",
    "$json.customer.address",
    "$json.customer.address.city",
  ]);
});

test("folds are remembered by place", () => {
  const lines = rowsOf(ORDER, NOTHING).find(({ name }) => name === "lines");
  if (!lines) throw new Error("no row");
  expect(told(ORDER, new Map([[placeOf(lines), false]]))).not.toContain("$json.lines[0]");
});

test("a search opens what holds it, and leaves out the rest", () => {
  expect(told(ORDER, NOTHING, "ulm")).toEqual([
    "$json.customer",
    "$json.customer.address",
    "$json.customer.address.city",
  ]);
  expect(told(ORDER, NOTHING, "nothing of it")).toEqual([]);
});

test("a plain value is one row that is itself", () => {
  expect(told("text")).toEqual(["$json"]);
});

test("a hundred thousand rows are there at once, opened or searched", () => {
  const large = Array.from({ length: 100_000 }, (_, index) => ({ id: index, name: `Item ${index}` }));
  const begun = performance.now();
  const rows = rowsOf(large, NOTHING);
  expect(rows).toHaveLength(100_000);
  expect(rowsOf(large, NOTHING, "item 99999").map((row) => pathOf(row, "$json"))).toEqual([
    "$json[99999]",
    "$json[99999].name",
  ]);
  expect(performance.now() - begun).toBeLessThan(1_500);
});

test("words and cuts", () => {
  expect(sizeWords([1, 2], 2)).toBe("2 items");
  expect(sizeWords({ a: 1 }, 1)).toBe("1 key");
  expect(plain("x".repeat(400), 10)).toBe('"xxxxxxxxx…');
  expect(cutJson({ a: "x".repeat(100) }, 20)).toMatchObject({ isCut: true });
});
