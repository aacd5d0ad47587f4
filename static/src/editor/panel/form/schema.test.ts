import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json, NodeTypeEntry } from "../../../canvas/types.ts";
import { itemsOf, sectionsOf } from "./layout.ts";
import {
  type Control,
  type Field,
  fieldOf,
  isAsked,
  isInPlace,
  type Kind,
  membersOf,
  type Schema,
  type Source,
  sourceOf,
  unknownMembers,
} from "./schema.ts";

const NONE: Source = { defs: {} };
const control = (schema: Json, source = NONE): Control => fieldOf(schema, source).control;
const root = resolve(import.meta.dirname, "../../../../..");
const python = resolve(root, ".venv/bin/python");

/** The node types there really are, from the code that declares them. */
function catalogue(): NodeTypeEntry[] {
  const program =
    "import json, django; django.setup(); from apps.nodes.registry import catalogue; print(json.dumps(catalogue()))";
  // Some of them stand on tables, which are declared but not looked at.
  const env = {
    PATH: process.env.PATH,
    DJANGO_SETTINGS_MODULE: "config.settings.local",
    AGENTFLOW_VAR: mkdtempSync(join(tmpdir(), "agentflow-")),
    DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
    REDIS_URL: "redis://127.0.0.1:1",
  };
  const output = execFileSync(python, ["-c", program], { cwd: root, env, maxBuffer: 32_000_000 });
  return JSON.parse(output.toString()) as NodeTypeEntry[];
}

/** Every field of a schema, however deep, with its path; objects that contain themselves once. */
function* everyField(schema: Schema, source: Source, path: string, depth = 0): Generator<[string, Field]> {
  if (depth > 8) return;
  for (const { name, field } of membersOf(schema, source))
    yield* below(field, source, `${path}.${name}`, depth);
}

function* below(field: Field, source: Source, path: string, depth: number): Generator<[string, Field]> {
  yield [path, field];
  const { control } = field;
  const next = depth + 1;
  if (control.kind === "group") yield* everyField(control.schema, source, path, next);
  if (control.kind === "rows" || control.kind === "tags")
    yield* below(control.item, source, `${path}[]`, next);
  if (control.kind === "pairs") yield* below(control.value, source, `${path}{}`, next);
  if (control.kind === "either") for (const way of control.ways) yield* below(way, source, `${path}|`, next);
  if (control.kind === "kinds")
    for (const kind of control.kinds) yield* everyField(kind.schema, source, `${path}<${kind.value}>`, next);
}

describe.skipIf(!existsSync(python))("every node type there is", () => {
  const entries = existsSync(python) ? catalogue() : [];
  const fields = entries.flatMap((entry) =>
    [...everyField(entry.params_schema as Schema, sourceOf(entry.params_schema), entry.subtype)].map(
      ([path, field]) => ({ path, field }),
    ),
  );

  test("asks for each of its parameters with something that fits", () => {
    expect(entries.length).toBeGreaterThan(20);
    expect(fields.length).toBeGreaterThan(150);
    // JSON is for what may be anything. What says its type has a field of its own.
    const lost = fields.filter(({ field }) => {
      const says = ["string", "integer", "number", "boolean"].includes(String(field.schema.type));
      return field.control.kind === "json" && (says || "enum" in field.schema || "$ref" in field.schema);
    });
    expect(lost.map(({ path }) => path)).toEqual([]);
    const unions = fields.filter(({ field }) => field.control.kind === "either");
    expect(unions.map(({ path }) => path)).toEqual([]);
  });

  test("has a label for each of them, and a help text", () => {
    const named = fields.filter(({ path }) => !/[\]}|]$/.test(path));
    expect(named.filter(({ field }) => !field.label || field.label.includes("_"))).toEqual([]);
    expect(named.filter(({ field }) => !field.help).map(({ path }) => path)).toEqual([]);
  });

  test("folds or asks for every member of the first level once", () => {
    for (const entry of entries) {
      const members = membersOf(entry.params_schema as Schema, sourceOf(entry.params_schema));
      const { open, folded } = sectionsOf(members);
      const drawn = [open, ...folded.map(([, inside]) => inside)].flatMap((part) =>
        itemsOf(part).flatMap((item) => item.members.map(({ name }) => name)),
      );
      expect(drawn.sort()).toEqual(members.map(({ name }) => name).sort());
    }
  });
});

test("null beside one thing makes it nullable", () => {
  const field = fieldOf({ anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null }, NONE);
  expect(field.isNullable).toBe(true);
  expect(field.control).toEqual({ kind: "number", isWhole: true, least: 1, unit: "" });
});

test("references are followed, and words beside them count", () => {
  const source = sourceOf({
    $defs: { Amount: { type: "object", properties: { days: { type: "integer" } } } },
  });
  const field = fieldOf({ $ref: "#/$defs/Amount", title: "So long" }, source);
  expect(field.label).toBe("So long");
  expect(field.control.kind).toBe("group");
});

test("a schema that contains itself is read level by level", () => {
  const defs = {
    Tree: { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/Tree" } } } },
  };
  const fields = [...everyField(defs.Tree as Schema, { defs }, "tree")];
  expect(fields.length).toBeGreaterThan(3);
});

test("kinds are told apart by the member that says which one", () => {
  const kind = (value: string, more: Schema): Json => ({
    type: "object",
    properties: { kind: { const: value, type: "string", "x-words": { own: "Own way" } }, ...more },
    required: ["kind", ...Object.keys(more)],
  });
  const found = control({
    oneOf: [kind("none", {}), kind("own", { header: { type: "string" } })],
    discriminator: { propertyName: "kind" },
  });
  if (found.kind !== "kinds") throw new Error(found.kind);
  expect(found.tag).toBe("kind");
  expect(found.kinds.map(({ label }: Kind) => label)).toEqual(["None", "Own way"]);
  expect(membersOf(found.kinds[1]?.schema ?? {}, NONE).map(({ name }) => name)).toEqual(["header"]);
  // Nobody needs to say which member it is.
  expect(control({ anyOf: [kind("a", {}), kind("b", {})] }).kind).toBe("kinds");
});

test("credentials know what stands for none, and whether a secret may stand there instead", () => {
  const ref: Json = {
    type: "object",
    properties: { credential: { type: "string" } },
    "x-credential": "http",
  };
  const none: Json = { type: "object", properties: { kind: { const: "none", type: "string" } } };
  expect(control({ oneOf: [none, ref] })).toEqual({
    kind: "credential",
    use: "http",
    none: { kind: "none" },
  });
  const either = control({ anyOf: [{ type: "string" }, ref] });
  expect(either).toMatchObject({ kind: "credential", text: { control: { kind: "text", isSecret: true } } });
});

test.each<[Json, Control["kind"]]>([
  [{ enum: ["a", "b"] }, "choice"],
  [{ const: 4 }, "choice"],
  [{ type: "array", items: { enum: ["a"] } }, "several"],
  [{ type: "array", items: { type: "string" } }, "tags"],
  [{ type: "array", items: { type: "string", "x-expression": true } }, "rows"],
  [{ type: "array", items: { type: "object", properties: { a: {} } } }, "rows"],
  [{ type: "array" }, "json"],
  [{ type: "object", additionalProperties: { type: "string" } }, "pairs"],
  [{ type: "object", maxProperties: 5 }, "pairs"],
  [{ type: "object" }, "json"],
  [{}, "json"],
  [{ type: ["integer", "null"] }, "number"],
  [{ anyOf: [{ type: "string" }, { type: "integer" }] }, "text"],
  [{ anyOf: [{ type: "string" }, { type: "object", properties: { a: {} } }] }, "either"],
])("%j is asked for with %s", (schema, kind) => {
  expect(control(schema)).toMatchObject({ kind });
});

describe("conditions", () => {
  const members = membersOf(
    {
      properties: {
        mode: { enum: ["time", "event"], default: "time" },
        event: { type: "string", "x-when": { mode: ["event"] } },
      },
    },
    NONE,
  );
  const event = members[1];
  if (!event) throw new Error("no member");

  test("hide what does not count, by the default, too", () => {
    expect(isAsked(event, {}, members)).toBe(false);
    expect(isAsked(event, { mode: "event" }, members)).toBe(true);
  });

  test("hide nothing that is set", () => {
    expect(isAsked(event, { event: "x" }, members)).toBe(true);
    expect(isInPlace(event, { event: "x" }, members)).toBe(false);
  });

  test("know that an expression can come to anything", () => {
    expect(isAsked(event, { mode: "{{ $json.mode }}" }, members)).toBe(true);
  });
});

test("what no field stands for is known", () => {
  const members = membersOf({ properties: { a: {} } }, NONE);
  expect(unknownMembers({ a: 1, b: 2, kind: "x" }, members, "kind")).toEqual({ b: 2 });
});
