import { describe, expect, it } from "vitest";
import type { Definition, NodeDocument } from "../../canvas/types.ts";
import { count, difference, isSame, overlaid } from "./diff.ts";

const node = (id: string, more: Partial<NodeDocument> = {}): NodeDocument => ({
  id,
  name: id.toUpperCase(),
  type: "ACTION",
  subtype: "TRANSFORM",
  params: {},
  position: { x: 0, y: 0 },
  ...more,
});
const of = (nodes: NodeDocument[], ways: string[] = [], settings = {}): Definition => ({
  nodes,
  connections: ways.map((way) => {
    const [from = "", to = ""] = way.split(" > ");
    return { from, port: "main", to };
  }),
  settings,
});

describe("what differs", () => {
  it("is nothing between a definition and a copy of it", () => {
    const one = of([node("a", { params: { url: "x", rows: [{ a: 1 }] } }), node("b")], ["a > b"], {
      tz: "UTC",
    });
    const copy = JSON.parse(JSON.stringify(one)) as Definition;
    expect(isSame(difference(one, copy))).toBe(true);
    // The server keeps members in another order, and null for what is not said.
    const kept = of(
      [{ retry: null, ...node("a", { params: { rows: [{ a: 1 }], url: "x" } }) }, node("b")],
      ["a > b"],
      {
        tz: "UTC",
      },
    );
    expect(isSame(difference(one, kept))).toBe(true);
  });

  it("names each parameter by its place", () => {
    const before = of([node("a", { params: { url: "x", rows: [{ v: 1 }, { v: 2 }], head: { k: 1 } } })]);
    const after = of([
      node("a", { name: "New", params: { url: "y", rows: [{ v: 1 }, { v: 3 }], head: { k: 1, l: null } } }),
    ]);
    const [change] = difference(before, after).nodes;
    expect(change?.kind).toBe("changed");
    expect(change?.fields.map(({ path, before, after }) => [path.join("."), before, after])).toEqual([
      ["name", "A", "New"],
      ["params.url", "x", "y"],
      ["params.rows.1.v", 2, 3],
      ["params.head.l", undefined, null],
    ]);
    expect(count(difference(before, after))).toBe(1);
  });

  it("tells added, removed and moved nodes apart, and counts no place", () => {
    const before = of([node("a"), node("b"), node("c")], ["a > b", "b > c"]);
    const after = of([node("a"), node("c", { position: { x: 9, y: 0 } }), node("d")], ["a > d", "a > c"]);
    const found = difference(before, after);
    expect(found.nodes.map(({ id, kind }) => `${id} ${kind}`)).toEqual(["c moved", "d added", "b removed"]);
    expect(
      found.connections.map(({ connection, kind }) => `${connection.from} ${connection.to} ${kind}`),
    ).toEqual(["a d added", "a c added", "a b removed", "b c removed"]);
    // One node came, one went, and one new way between nodes that were there.
    expect(count(found)).toBe(3);
  });

  it("draws both with what was removed still there", () => {
    const before = of([node("a"), node("b"), node("c", { parent: "b" })], ["a > b"]);
    const after = of([node("a", { name: "Other" }), node("d")], ["a > d"]);
    const { definition, changes } = overlaid(before, after);
    expect(definition.nodes.map(({ id }) => id)).toEqual(["a", "d", "b", "c"]);
    expect(definition.connections.map(({ from, to }) => `${from} ${to}`)).toEqual(["a d", "a b"]);
    expect(changes).toEqual({
      a: "changed",
      d: "added",
      b: "removed",
      c: "removed",
      "a main d main": "added",
      "a main b main": "removed",
    });
  });

  it("sees what a connection says, what is pinned, and settings", () => {
    const before: Definition = of([node("a"), node("b")], ["a > b"], { limits: { at_once: 1 } });
    const after: Definition = {
      ...of([node("a", { pinned_output: null }), node("b")], [], { limits: { at_once: 2 } }),
      connections: [{ from: "a", port: "main", to: "b", condition: "{{ $json.ok }}" }],
      annotations: [{ id: "n", text: "Why", position: { x: 0, y: 0 } }],
    };
    const found = difference(before, after);
    expect(found.connections[0]?.fields).toEqual([
      { path: ["condition"], before: null, after: "{{ $json.ok }}" },
    ]);
    expect(found.nodes[0]?.fields).toEqual([{ path: ["pinned_output"], before: undefined, after: null }]);
    expect(found.settings[0]?.path).toEqual(["limits", "at_once"]);
    expect([found.annotations, count(found)]).toEqual([1, 4]);
  });
});
