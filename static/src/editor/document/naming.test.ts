import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Definition, Json } from "../../canvas/types.ts";
import { freeNames, nameFault, namesIn, rename, renamedIn } from "./naming.ts";
import { stretchesOf } from "./tokens.ts";

/** The server's tests read them, too: what comes out must mean the node by its new name there. */
const CASES = JSON.parse(readFileSync(new URL("./naming.cases.json", import.meta.url), "utf8")) as {
  before: string;
  after: string;
}[];

/** What begins an expression in a text in back-quotes. */
const OPEN = "${";
const to = (text: string, name = "New name", from = "Old"): string =>
  renamedIn(text, new Map([[from, name]]));

describe("references in texts", () => {
  it.each(CASES)("follow in $before", ({ before, after }) => {
    expect(to(before)).toBe(after);
  });

  it("follow in what nobody has finished", () => {
    expect(to('{{ $node["Old"].x')).toBe('{{ $node["New name"].x');
  });

  it.each([
    '$node["Old"].body',
    "{{ '$node[\"Old\"]' }}",
    "{{ \"a $node['Old']\" }}",
    "{{ `$node.Old` }}",
    '{{ $node["Older"].body }}',
    '{{ $node["old"] }}',
    "{{ $nodes.Old }}",
    "{{ $json.Old }}",
    "{{ $json['Old'] }}",
    "{{ $node.Old() }}",
    "{{ $node[Old] }}",
    "{{ /$node.Old/ }}",
    '{{ 1 }} $node["Old"] {{ 2 }}',
    "{{ “$node.Old” }}",
  ])("stay as they are in %s", (text) => {
    expect(to(text)).toBe(text);
  });

  it("stay readable whatever the name is", () => {
    expect(to("{{ $node.Old }}", "Total_2")).toBe("{{ $node.Total_2 }}");
    expect(to("{{ $node.Old }}", "Größe")).toBe("{{ $node.Größe }}");
    expect(to("{{ $node.Old }}", "2nd")).toBe('{{ $node["2nd"] }}');
    expect(to('{{ $node["Old"] }}', 'Say "hi" \\o/')).toBe('{{ $node["Say \\"hi\\" \\\\o/"] }}');
    expect(to("{{ $node['Old'] }}", "Bob's")).toBe("{{ $node['Bob\\'s'] }}");
    expect(to("{{ $node[`Old`] }}", `${OPEN}x}`)).toBe(`{{ $node[\`\\${OPEN}x}\`] }}`);
    for (const name of ['a"b', "a'b", "a`b", "a\\", "{{ }}", `${OPEN}x}`, "}}", "a\nb"])
      for (const text of ["{{ $node.Old.x }}", "{{ $node['Old'].x }}", "{{ $node[`Old`].x }}"]) {
        const now = to(text, name);
        expect([...namesIn(now)], now).toEqual([name]);
        expect(to(now, "Old", name).replaceAll(/['"`]/g, "'")).toMatch(
          /^\{\{ \$node(\.Old|\['Old'\])\.x \}\}$/,
        );
      }
  });
});

describe("rename", () => {
  const definition: Definition = {
    nodes: [
      { id: "a", name: "Old", type: "ACTION", subtype: "HTTP_REQUEST" },
      {
        id: "b",
        name: "Other",
        type: "ACTION",
        subtype: "TRANSFORM",
        params: { "{{ $node.Old }}": 1, deep: [{ er: ["{{ $node.Old.x }}", 2, null] }] },
      },
      { id: "c", name: "Third", type: "ACTION", subtype: "TRANSFORM", params: { text: "{{ $json.Old }}" } },
    ],
    connections: [
      { from: "a", port: "main", to: "b", condition: '{{ $node["Old"].ok }}' },
      { from: "b", port: "main", to: "c", mapping: { mode: "template", template: { n: "{{ $node.Old }}" } } },
      { from: "a", port: "main", to: "c" },
    ],
    settings: { concurrency: { key: "{{ $node['Old'].id }}" } },
    annotations: [{ id: "n", text: "{{ $node.Old }}", position: { x: 0, y: 0 } }],
  };

  it("changes all that refers to the node, and keeps the rest the same objects", () => {
    const now = rename(definition, "a", "New");
    expect(now.nodes[0]?.name).toBe("New");
    expect(now.nodes[1]?.params).toEqual({
      "{{ $node.Old }}": 1,
      deep: [{ er: ["{{ $node.New.x }}", 2, null] }],
    });
    expect(now.connections[0]?.condition).toBe('{{ $node["New"].ok }}');
    expect(now.connections[1]?.mapping).toEqual({ mode: "template", template: { n: "{{ $node.New }}" } });
    expect(now.settings).toEqual({ concurrency: { key: "{{ $node['New'].id }}" } });
    expect(now.nodes[2]).toBe(definition.nodes[2]);
    expect(now.connections[2]).toBe(definition.connections[2]);
    expect(now.annotations).toBe(definition.annotations);
    expect(rename(now, "a", "Old")).toEqual(definition);
  });

  it("is no change where the name is the same, or the node is not there", () => {
    expect(rename(definition, "a", "Old")).toBe(definition);
    expect(rename(definition, "x", "New")).toBe(definition);
  });

  it("leaves references alone while another node has the name", () => {
    const twice = { ...definition, nodes: [...definition.nodes, { ...definition.nodes[0], id: "d" }] };
    const now = rename(twice as Definition, "d", "New");
    expect(now.connections).toBe(definition.connections);
  });

  it("says why a name cannot be", () => {
    expect(nameFault(definition, "a", "Old")).toBeNull();
    expect(nameFault(definition, "a", "Other")).toMatch(/Another/);
    expect(nameFault(definition, "a", "  ")).toMatch(/needs/);
    expect(nameFault(definition, "a", "x".repeat(101))).toMatch(/100/);
    expect(freeNames(definition, ["Old", "Old", "Fresh", "Fresh"])).toEqual([
      "Old 2",
      "Old 3",
      "Fresh",
      "Fresh 2",
    ]);
  });
});

it("reads expressions to where the server ends them", () => {
  const ends = (text: string): Json[] => stretchesOf(text).map(({ end, isWhole }) => [end, isWhole]);
  expect(ends("{{ {a: {}} }}")).toEqual([[11, true]]);
  expect(ends("{{ '}}' }}")).toEqual([[8, true]]);
  expect(ends("{{ 1 / 2 }} {{ x }}")).toEqual([
    [9, true],
    [17, true],
  ]);
  expect(ends("{{ 'a }}")).toEqual([[3, false]]);
  expect(ends("no expression }}")).toEqual([]);
  const long = `{{ ${'$node["Old"].a + '.repeat(2000)}1 }}`;
  expect(to(long).length).toBe(long.length + 2000 * 5);
});
