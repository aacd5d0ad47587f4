import { expect, test } from "vitest";
import type { Json } from "../../canvas/types.ts";
import { CONNECTION, lackOf } from "./connection.ts";
import { fieldOf } from "./form/schema.ts";

test("what arrives is one of four kinds", () => {
  const { control } = fieldOf((CONNECTION.properties as { mapping: Json }).mapping, { defs: {} });
  if (control.kind !== "kinds") throw new Error(control.kind);
  expect(control.kinds.map(({ value }) => value)).toEqual(["direct", "fields", "expression", "template"]);
});

test.each<[Json | undefined, boolean]>([
  [undefined, true],
  [{ mode: "direct" }, true],
  [{ mode: "fields" }, false],
  [{ mode: "fields", fields: [{ from: "a" }] }, false],
  [{ mode: "fields", fields: [{ to: "order.total", from: "" }] }, true],
  [{ mode: "fields", fields: [{ to: "order..total" }] }, false],
  [{ mode: "fields", fields: [{ to: "a", from: ".b" }] }, false],
  [{ mode: "expression", expression: " " }, false],
  [{ mode: "expression", expression: "{{ $json }}" }, true],
  [{ mode: "template" }, false],
  [{ mode: "template", template: null }, true],
])("whether the draft can hold %j", (mapping, canHold) => {
  expect(lackOf(mapping) === "").toBe(canHold);
});
