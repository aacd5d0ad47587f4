import { describe, expect, it } from "vitest";
import { jsonText, parseJson } from "./json.ts";

describe("parseJson", () => {
  it("gives the value, and nothing for an empty text", () => {
    expect(parseJson(' {"a": [1, null]} ')).toEqual({ value: { a: [1, null] }, problem: null });
    expect(parseJson("  \n")).toEqual({ value: undefined, problem: null });
    expect(jsonText(undefined)).toBe("");
    expect(jsonText([1])).toBe("[\n  1\n]");
  });

  it.each([
    ['{"a": 1,}', "There is one comma too many.", 1],
    ['{\n  "a": 1\n  "b": 2\n}', "A comma is missing before this.", 3],
    ["{a: 1}", "The name of a member stands in double quotes.", 1],
    ["{'a': 1}", "Texts stand in double quotes.", 1],
    ['{"a": yes}', "A text stands in double quotes; other words are true, false and null.", 1],
    ['{"a": [1', "Something is missing at the end: a bracket, a quote or a value.", 1],
    ["[1] ]", "“]” cannot stand here.", 1],
  ])("%s", (text, message, line) => {
    expect(parseJson(text).problem).toMatchObject({ message, line });
  });
});
