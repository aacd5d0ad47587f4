import { describe, expect, it } from "vitest";
import type { Definition } from "../../canvas/types.ts";
import { applied } from "./fixes.ts";

const WHOLE: Definition = {
  nodes: [
    {
      id: "a",
      name: "A",
      type: "ACTION",
      subtype: "TRANSFORM",
      params: { fields: [{ name: "x", value: "$v" }] },
    },
    { id: "loop", name: "Loop", type: "FLOW", subtype: "LOOP" },
    { id: "b", name: "A", type: "ACTION", subtype: "TRANSFORM", parent: "loop", on_error: "route" },
  ],
  connections: [
    { from: "a", port: "main", to: "loop" },
    { from: "a", port: "main", to: "loop" },
  ],
  settings: { timezone: "UTC" },
};

describe("fixes", () => {
  it("set values where they are named, and touch nothing else", () => {
    const made = applied(WHOLE, [
      { op: "set", node: "a", path: ["params", "fields", 0, "value"], value: "{{ $v }}" },
      { op: "set", node: "b", path: ["name"], value: "A 2" },
      { op: "set", node: "b", path: ["on_error"] },
      { op: "set", path: ["settings", "while_paused"], value: "queue" },
    ]);
    expect(made.nodes[0]?.params).toEqual({ fields: [{ name: "x", value: "{{ $v }}" }] });
    expect(made.nodes[1]).toBe(WHOLE.nodes[1]);
    expect(made.nodes[2]).toEqual({
      id: "b",
      name: "A 2",
      type: "ACTION",
      subtype: "TRANSFORM",
      parent: "loop",
    });
    expect(made.settings).toEqual({ timezone: "UTC", while_paused: "queue" });
    expect(WHOLE.nodes[2]?.on_error).toBe("route");
  });

  it("make what is missing on the way", () => {
    const made = applied(WHOLE, [{ op: "set", node: "b", path: ["params", "rows", 0, "name"], value: "n" }]);
    expect(made.nodes[2]?.params).toEqual({ rows: [{ name: "n" }] });
  });

  it("connect, disconnect, add and remove", () => {
    const ends = { from: "a", port: "main", to: "loop", input: "main" };
    const once = applied(WHOLE, [
      { op: "disconnect", connection: ends },
      { op: "connect", connection: ends },
    ]);
    expect(once.connections).toEqual([ends]);
    const ended = applied(once, [
      { op: "add", node: { id: "end", name: "End", type: "FLOW", subtype: "STOP" } },
      { op: "set", connection: ends, path: ["condition"], value: "{{ true }}" },
      { op: "remove", node: "loop" },
    ]);
    expect(ended.nodes.map(({ id }) => id)).toEqual(["a", "end"]);
    expect(ended.connections).toEqual([]);
  });

  it("leave alone what is not there any more", () => {
    expect(
      applied(WHOLE, [
        { op: "set", node: "gone", path: ["name"], value: "x" },
        { op: "remove", node: "gone" },
      ]),
    ).toEqual(WHOLE);
  });
});
