import { describe, expect, it } from "vitest";
import type { Definition } from "../../canvas/types.ts";
import { attach, detach, removeNodes, withInside } from "./edits.ts";

const agent = (id: string, attached: string[]) => ({
  id,
  name: id,
  type: "AI_AGENT",
  subtype: "X",
  attached,
});
const tool = (id: string, more = {}) => ({ id, name: id, type: "TOOL", subtype: "X", ...more });
const START: Definition = {
  nodes: [
    agent("one", ["a", "shared"]),
    agent("two", ["shared", "b"]),
    tool("a"),
    tool("b"),
    tool("shared"),
    tool("loose", { position: { x: 4, y: 8 }, parent: "loop" }),
  ],
  connections: [{ from: "loose", port: "main", to: "one" }],
};
const attached = (definition: Definition, id: string) =>
  definition.nodes.find((node) => node.id === id)?.attached;

describe("tools and memories", () => {
  it("hang on one agent, in the place that was wanted, and stand nowhere else", () => {
    const hung = attach(START, "two", "loose", "b");
    expect(attached(hung, "two")).toEqual(["shared", "loose", "b"]);
    expect(hung.nodes.at(-1)).toEqual(tool("loose"));
    expect(hung.connections).toEqual([]);
    const moved = attach(hung, "one", "b");
    expect([attached(moved, "one"), attached(moved, "two")]).toEqual([
      ["a", "shared", "b"],
      ["shared", "loose"],
    ]);
    expect(attached(attach(START, "one", "shared", "a"), "one")).toEqual(["shared", "a"]);
  });

  it("come off to a place of their own", () => {
    const off = detach(START, "shared", { position: { x: 1, y: 2 }, parent: null });
    expect([attached(off, "one"), attached(off, "two")]).toEqual([["a"], ["b"]]);
    expect(off.nodes.find(({ id }) => id === "shared")).toEqual(tool("shared", { position: { x: 1, y: 2 } }));
  });

  it("go with their agent, unless another one has them", () => {
    expect(withInside(START, ["one"])).toEqual(new Set(["one", "a"]));
    expect(removeNodes(START, ["one"]).nodes.map(({ id }) => id)).toEqual(["two", "b", "shared", "loose"]);
    expect(withInside(START, ["one", "two"]).size).toBe(5);
  });
});
