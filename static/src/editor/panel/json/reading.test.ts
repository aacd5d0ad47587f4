import { expect, test } from "vitest";
import { readJson, writeJson } from "./reading.ts";

test("what is read is what was written", () => {
  const value = { a: [1, "b", null] };
  expect(readJson(writeJson(value), "any")).toEqual({ value, fault: "" });
  expect(readJson(" ", "object")).toEqual({ value: undefined, fault: "" });
});

test("what cannot be kept says where and why", () => {
  expect(readJson('{"a": 1,\n  b}', "any").fault).toMatch(/line 2, column 3/);
  expect(readJson('{"a": ', "any").fault).toMatch(/not finished/);
  expect(readJson("[]", "object").fault).toMatch(/an object/);
  expect(readJson("{}", "list").fault).toMatch(/a list/);
});
