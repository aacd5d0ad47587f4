import { expect, test } from "vitest";
import type { Finding } from "../../../canvas/types.ts";
import { at, countAt, placeOf } from "./problems.ts";
import { fieldOf } from "./schema.ts";
import { asKind, asPlain, emptyOf, firstSentence, isMissing, moved, wayOf, withMember } from "./values.ts";

const NONE = { defs: {} };

test("a member without a value is left out, others stay", () => {
  expect(withMember({ a: 1, b: 2 }, "a", undefined)).toEqual({ b: 2 });
  expect(withMember(undefined, "a", null)).toEqual({ a: null });
  expect(withMember("no object", "a", 1)).toEqual({ a: 1 });
});

test("rows move, but not out of the list", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});

test("another kind keeps what both have", () => {
  const schema = { properties: { header: {}, prefix: {} } };
  expect(asKind({ kind: "hmac", header: "X", preset: "github" }, "kind", "own", schema)).toEqual({
    kind: "own",
    header: "X",
  });
});

test("a new row has its fixed members and nothing that must be thought about", () => {
  const field = fieldOf(
    {
      type: "object",
      properties: { type: { const: "x" }, name: { type: "string" } },
      required: ["type", "name"],
    },
    NONE,
  );
  expect(emptyOf(field, NONE)).toEqual({ type: "x" });
});

test("a value finds its way in a union", () => {
  const ways = [{ type: "string" }, { type: "array" }, { type: "object" }].map((schema) =>
    fieldOf(schema, NONE),
  );
  expect([wayOf("a", ways), wayOf([], ways), wayOf({}, ways), wayOf(undefined, ways)]).toEqual([0, 1, 2, 0]);
});

test("values become other kinds of values with as much as those can hold", () => {
  expect(asPlain("12", "number")).toBe(12);
  expect(asPlain("twelve", "number")).toBe(0);
  expect(asPlain({ a: 1 }, "text")).toBe('{"a":1}');
  expect(asPlain('{"a":1}', "json")).toEqual({ a: 1 });
  expect(asPlain("a", "json")).toEqual({});
  expect(asPlain("a", "nothing")).toBeNull();
});

test("what is missing", () => {
  expect([undefined, null, "", " "].map(isMissing)).toEqual([true, true, true, true]);
  expect([0, false, [], {}, "a"].map(isMissing)).toEqual([false, false, false, false, false]);
});

test.each([
  ["How long. Empty: no limit.", "How long.", "Empty: no limit."],
  ["Begins with https:// or http://.", "Begins with https:// or http://.", ""],
  ["As in `a. B`, or so. More.", "As in `a. B`, or so.", "More."],
  ["Hours, as in 9.30 or 10.", "Hours, as in 9.30 or 10.", ""],
  ["What to do. `append` adds.", "What to do.", "`append` adds."],
])("the first sentence of %j", (text, first, rest) => {
  expect(firstSentence(text)).toEqual([first, rest]);
});

test("findings stand at their field, or at the one around it", () => {
  const finding = (path: string): Finding => ({
    severity: "error",
    code: "x",
    path,
    node_id: "n",
    message: "",
    fix: "",
  });
  const all = [
    finding("nodes[3].params.url"),
    finding("nodes[3].params.cases[1].name"),
    finding("nodes[12].retry"),
  ];
  expect(all.map(placeOf)).toEqual(["params.url", "params.cases[1].name", "retry"]);
  expect(at(all, "params.url", false)).toHaveLength(1);
  expect(at(all, "params.cases", false)).toHaveLength(0);
  expect(at(all, "params.cases", true)).toHaveLength(1);
  expect(at(all, "params.case", true)).toHaveLength(0);
  expect(countAt(all, "params")).toBe(2);
});
