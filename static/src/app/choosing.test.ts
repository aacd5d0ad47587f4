import { expect, it } from "vitest";
import { between } from "./choosing.ts";
import { appended } from "./filling.ts";

it("finds what is between two rows, in either direction", () => {
  expect(between(["a", "b", "c", "d"], "d", "b")).toEqual(["b", "c", "d"]);
  expect(between(["a", "b"], "a", "a")).toEqual(["a"]);
  expect(between(["a", "b"], "a", "gone")).toEqual([]);
});

it("adds to a list with commas what is not in it", () => {
  expect(appended("", "sales")).toBe("sales");
  expect(appended("sales, ", "critical")).toBe("sales, critical");
  expect(appended("sales,critical", "sales")).toBe("sales, critical");
});
