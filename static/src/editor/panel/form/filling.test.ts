import { expect, it } from "vitest";
import { fillOf, fillWith, parameterAt, withFill, withoutFill } from "./filling.ts";

it("names what a model fills in, each under a name of its own", () => {
  const one = withFill(undefined, "title");
  const two = withFill(one, "json.title");
  expect(two).toEqual([
    { name: "title", parameter: "title" },
    { name: "title_2", parameter: "json.title" },
  ]);
  expect(withFill(two, "title")).toEqual(two);
  const said = fillWith(two, "json.title", "description", "In one line");
  expect(fillOf(said, "json.title")).toMatchObject({ description: "In one line" });
  expect(fillWith(said, "json.title", "description", undefined)).toEqual(two);
  expect(withoutFill(said, "json.title")).toEqual(one);
});

it("names parameters as the server does, and nothing in a list", () => {
  expect(parameterAt("params.params", "params.params.json.title")).toBe("json.title");
  expect(parameterAt("params.params", "params.params.steps[0].name")).toBeNull();
  expect(parameterAt("params.params", "params.title")).toBeNull();
});
