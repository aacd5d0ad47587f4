/** What is asked about a connection: the schema of its condition and of what it makes of what it carries. */

import type { Json } from "../../canvas/types.ts";
import type { Schema } from "./form/schema.ts";
import { listOf, objectOf } from "./form/values.ts";

const RESULT: Schema = {
  result_schema: {
    type: "object",
    title: "Must fit this JSON Schema",
    description: "What does not fit fails the run before the second node. Empty: anything fits.",
    "x-group": "Check",
  },
};

const kind = (
  mode: string,
  label: string,
  description: string,
  members: Schema,
  required: string[],
): Schema => ({
  type: "object",
  description,
  properties: {
    mode: { const: mode, type: "string", description, "x-words": { [mode]: label } },
    ...members,
    ...RESULT,
  },
  required: ["mode", ...required],
});

const FIELD: Schema = {
  type: "object",
  properties: {
    from: {
      type: "string",
      title: "From",
      default: "",
      maxLength: 200,
      description: "Where it stands in what the first node gives. Empty: all of it.",
    },
    to: {
      type: "string",
      title: "To",
      maxLength: 200,
      description: "Where it is put; dots make objects.",
    },
    required: {
      type: "boolean",
      title: "Required",
      default: false,
      description: "Fail when nothing comes out.",
      "x-group": "More",
    },
    default: {
      title: "If nothing comes",
      "x-expression": true,
      description: "What is put there when nothing comes out.",
      "x-group": "More",
    },
    transform: {
      type: "string",
      title: "Made anew by",
      "x-expression": true,
      maxLength: 10_000,
      description: "An expression in which `$json` is what was found.",
      "x-group": "More",
    },
  },
  required: ["to"],
};

export const CONNECTION: Schema = {
  type: "object",
  properties: {
    condition: {
      type: "string",
      title: "Only if",
      maxLength: 10_000,
      description: "It leads on where this holds. Empty: always.",
      "x-expression": true,
      "x-condition": true,
    },
    mapping: {
      title: "What arrives",
      description: "What the second node gets as its input.",
      default: { mode: "direct" },
      discriminator: { propertyName: "mode" },
      oneOf: [
        kind("direct", "What the first node gives", "The value as it is.", {}, []),
        kind(
          "fields",
          "Chosen fields",
          "An object, put together member by member.",
          { fields: { type: "array", title: "Fields", minItems: 1, maxItems: 200, items: FIELD } },
          ["fields"],
        ),
        kind(
          "expression",
          "What an expression gives",
          "What one expression comes to.",
          {
            expression: {
              type: "string",
              title: "Expression",
              maxLength: 10_000,
              "x-expression": true,
              description: "Exactly one `{{ … }}`; `$json` in it is what the first node gives.",
            },
          },
          ["expression"],
        ),
        kind(
          "template",
          "JSON with expressions",
          "Any JSON with expressions in its texts.",
          {
            template: {
              title: "JSON",
              description: "`$json` in its expressions is what the first node gives.",
            },
          },
          ["template"],
        ),
      ],
    },
    input: {
      type: "string",
      title: "Arrives at input",
      default: "main",
      maxLength: 100,
      description: "Read there as `$input` with this name. Nodes read `main` as `$json`.",
    },
  },
};

const PATH = /^[^.\s][^.]*(\.[^.]+)*$/;
const isPath = (value: Json | undefined): boolean => typeof value === "string" && PATH.test(value);

/** What a mapping lacks before it can be kept at all; "": nothing. */
export function lackOf(mapping: Json | undefined): string {
  if (mapping === undefined) return "";
  const { mode, fields, expression, template } = objectOf(mapping);
  if (mode === "fields") {
    const rows = listOf(fields).map(objectOf);
    if (rows.length === 0) return "Add a field.";
    if (!rows.every((row) => isPath(row.to))) return "Say of each field where it is put.";
    if (!rows.every((row) => row.from === undefined || row.from === "" || isPath(row.from)))
      return "Names with dots between say where a field stands, as in order.total.";
  }
  if (mode === "expression" && (typeof expression !== "string" || !expression.trim()))
    return "Write the expression.";
  if (mode === "template" && template === undefined) return "Write the JSON.";
  return "";
}
