import { describe, expect, it } from "vitest";
import { familyOf } from "../../canvas/family.ts";
import type { Definition, NodeDocument } from "../../canvas/types.ts";
import { containerAt, moveTo, refusalInside } from "./containers.ts";
import type { Scene } from "./scene.ts";

const node = (id: string, x: number, y: number, parent?: string): NodeDocument => ({
  id,
  name: id,
  type: "FLOW",
  subtype: id.startsWith("loop") ? "LOOP" : "IF",
  position: { x, y },
  ...(parent ? { parent } : {}),
});

const definition: Definition = {
  nodes: [
    node("hook", 0, 0),
    node("after", 200, 0),
    node("loop", 400, 0),
    node("inner", 24, 68, "loop"),
    node("second", 224, 68, "loop"),
    node("loop2", 400, 400),
  ],
  connections: [
    { from: "hook", port: "main", to: "after" },
    { from: "after", port: "main", to: "loop" },
    { from: "inner", port: "main", to: "second" },
  ],
};

function sceneOf({ nodes }: Definition): Scene {
  const family = familyOf(nodes, ({ subtype }) =>
    subtype === "LOOP"
      ? { type: "", subtype, name: "", summary: "", icon: "", ports: [], is_container: true }
      : undefined,
  );
  const places: Scene["places"] = Object.fromEntries(
    nodes.map(({ id, parent, position }) => {
      const outer = nodes.find((one) => one.id === parent)?.position ?? { x: 0, y: 0 };
      return [id, { x: (position?.x ?? 0) + outer.x, y: (position?.y ?? 0) + outer.y }];
    }),
  );
  const sizes: Scene["sizes"] = Object.fromEntries(
    nodes.map(({ id }) => [
      id,
      id.startsWith("loop") ? { width: 440, height: 160 } : { width: 140, height: 48 },
    ]),
  );
  return { places, sizes, family, closed: new Set() };
}

const scene = sceneOf(definition);
const find = ({ nodes }: Definition, id: string): NodeDocument | undefined =>
  nodes.find((one) => one.id === id);

describe("containerAt", () => {
  it("is the innermost that holds the point, and reaches further for what is in it", () => {
    expect(containerAt(scene, { x: 500, y: 80 }, new Set(["hook"]))).toBe("loop");
    expect(containerAt(scene, { x: 380, y: 80 }, new Set(["hook"]))).toBeNull();
    expect(containerAt(scene, { x: 380, y: 80 }, new Set(["inner"]))).toBe("loop");
    expect(containerAt(scene, { x: 200, y: 80 }, new Set(["inner"]))).toBeNull();
  });

  it("is neither what is moved nor what is closed", () => {
    expect(containerAt(scene, { x: 500, y: 80 }, new Set(["loop"]))).toBeNull();
    expect(containerAt({ ...scene, closed: new Set(["loop"]) }, { x: 500, y: 80 }, new Set())).toBeNull();
  });
});

describe("moveTo", () => {
  it("moves nodes where they are and leaves everything else the same object", () => {
    const moved = moveTo(definition, scene, { hook: { x: 12, y: 8 } }).definition;
    expect(find(moved, "hook")?.position).toEqual({ x: 12, y: 8 });
    for (const id of ["after", "loop", "inner", "loop2"]) expect(find(moved, id)).toBe(find(definition, id));
    expect(moved.connections).toBe(definition.connections);
  });

  it("puts a node into a container and takes away what would cross its border", () => {
    const { definition: moved, cut } = moveTo(definition, scene, { after: { x: 500, y: 120 } }, "loop");
    expect(find(moved, "after")).toMatchObject({ parent: "loop", position: { x: 100, y: 120 } });
    expect(cut.map(({ from, to }) => `${from} ${to}`)).toEqual(["hook after", "after loop"]);
    expect(moved.connections).toEqual([{ from: "inner", port: "main", to: "second" }]);
  });

  it("takes a node out, and keeps the connections of those that go together", () => {
    const out = moveTo(definition, scene, { inner: { x: 0, y: 300 } }, null);
    expect(find(out.definition, "inner")).not.toHaveProperty("parent");
    expect(find(out.definition, "inner")?.position).toEqual({ x: 0, y: 300 });
    expect(out.cut).toHaveLength(1);
    const both = moveTo(definition, scene, { inner: { x: 0, y: 300 }, second: { x: 200, y: 300 } }, null);
    expect(both.cut).toHaveLength(0);
  });

  it("grows a container to the left without moving what else is in it", () => {
    const moved = moveTo(definition, scene, { inner: { x: 380, y: 68 } }, "loop").definition;
    const corner = find(moved, "loop")?.position;
    expect(corner).toEqual({ x: 356, y: 0 });
    expect(find(moved, "inner")?.position).toEqual({ x: 24, y: 68 });
    expect((find(moved, "second")?.position?.x ?? 0) + (corner?.x ?? 0)).toBe(624);
  });

  it("takes along what is inside a container", () => {
    const moved = moveTo(definition, scene, { loop: { x: 500, y: 50 } }).definition;
    expect(find(moved, "loop")?.position).toEqual({ x: 500, y: 50 });
    expect(find(moved, "inner")).toBe(find(definition, "inner"));
    const nested = moveTo(definition, scene, { loop: { x: 480, y: 480 } }, "loop2").definition;
    expect(find(nested, "loop")).toMatchObject({ parent: "loop2", position: { x: 80, y: 80 } });
    expect(find(nested, "inner")).toBe(find(definition, "inner"));
  });
});

describe("refusalInside", () => {
  it("keeps triggers out, and containers from being too deep", () => {
    const may = (ids: string[], isTrigger = false) =>
      refusalInside(definition, scene.family, ids, "loop", () => isTrigger);
    expect(may(["after"])).toBeNull();
    expect(may(["hook"], true)).toContain("starts runs");
    const ids = ["loop1", "loop2", "loop3", "loop4", "loop5", "loop6"];
    const deep: Definition = {
      nodes: ids.map((id, index) => node(id, 0, 0, index ? ids[index - 1] : undefined)),
      connections: [],
    };
    const family = sceneOf(deep).family;
    expect(refusalInside(deep, family, ["x"], "loop6", () => false)).toContain("5 deep");
    expect(refusalInside(deep, family, ["x"], "loop5", () => false)).toBeNull();
  });
});
