import { describe, expect, it } from "vitest";
import { NO_FAMILY } from "../../canvas/family.ts";
import type { Definition } from "../../canvas/types.ts";
import { refusal } from "./connecting.ts";
import { search } from "./finding.ts";
import { frameAround, membersOf } from "./frames.ts";
import type { Scene } from "./scene.ts";
import { settle } from "./settle.ts";
import { readingOrder, step } from "./walk.ts";

const definition: Definition = {
  nodes: [
    { id: "hook", name: "Hook", type: "TRIGGER", subtype: "WEBHOOK", position: { x: 0, y: 0 } },
    { id: "big", name: "Big?", type: "FLOW", subtype: "IF", position: { x: 200, y: 0 } },
    { id: "yes", name: "Mail", type: "ACTION", subtype: "TEXT", position: { x: 400, y: 80 } },
    {
      id: "no",
      name: "Ship",
      type: "ACTION",
      subtype: "HTTP_REQUEST",
      params: { url: "https://x.example/mailbox" },
      position: { x: 400, y: 0 },
    },
    { id: "in", name: "In", type: "ACTION", subtype: "TEXT", parent: "loop", position: { x: 24, y: 68 } },
    { id: "loop", name: "Each", type: "FLOW", subtype: "LOOP", position: { x: 600, y: 0 } },
  ],
  connections: [
    { from: "hook", port: "main", to: "big" },
    { from: "big", port: "true", to: "yes" },
    { from: "big", port: "false", to: "no" },
  ],
  annotations: [{ id: "note", text: "Ask before mail goes out", position: { x: 10, y: 10 } }],
};
const scene: Scene = {
  places: {
    hook: { x: 0, y: 0 },
    big: { x: 200, y: 0 },
    yes: { x: 400, y: 80 },
    no: { x: 400, y: 0 },
    loop: { x: 600, y: 0 },
    in: { x: 624, y: 68 },
  },
  sizes: Object.fromEntries(definition.nodes.map(({ id }) => [id, { width: 140, height: 48 }])),
  family: {
    ...NO_FAMILY,
    parentOf: new Map([["in", "loop"]]),
    childrenOf: new Map([
      ["", ["hook", "big", "yes", "no", "loop"]],
      ["loop", ["in"]],
    ]),
  },
  closed: new Set(),
};
const hasInput = (id: string): boolean => id !== "hook";

describe("refusal", () => {
  const may = (from: string, to: string, port = "main") => refusal(definition, { from, port, to }, hasInput);
  it("lets through what runs, and says why not what does not", () => {
    expect(may("yes", "loop")).toBeNull();
    expect(may("yes", "yes")).toContain("itself");
    expect(may("yes", "hook")).toContain("starts runs");
    expect(may("yes", "in")).toContain("border of “Each”");
    expect(may("big", "yes", "true")).toContain("already");
    expect(may("no", "big")).toContain("circle");
  });
});

describe("walking", () => {
  const ports = (id: string): string[] => (id === "big" ? ["false", "true"] : ["main"]);
  const go = (from: string, direction: "left" | "right" | "up" | "down") =>
    step(scene, definition.connections, ports, from, direction);
  it("follows connections by the first outcome, and finds what stands there where none leads", () => {
    expect(go("hook", "right")).toBe("big");
    expect(go("big", "right")).toBe("no");
    expect(go("yes", "left")).toBe("big");
    expect(go("no", "down")).toBe("yes");
    expect(go("no", "right")).toBe("loop");
    expect(go("hook", "left")).toBeNull();
  });

  it("reads from left to right, and what is inside after its container", () => {
    expect(readingOrder(scene)).toEqual(["hook", "big", "no", "yes", "loop", "in"]);
    expect(readingOrder({ ...scene, closed: new Set(["loop"]) })).not.toContain("in");
  });
});

describe("search", () => {
  const find = (query: string) => search(definition, query, () => undefined, readingOrder(scene));
  it("finds names first, then types, parameters and notes", () => {
    expect(find("mail").map(({ id, where }) => [id, where])).toEqual([
      ["yes", ""],
      ["no", "url"],
      ["note", "Note"],
    ]);
    expect(find("  ")).toEqual([]);
    expect(find("http_request")[0]?.id).toBe("no");
  });
});

describe("frames", () => {
  it("hold what has its middle in them, and fit around nodes", () => {
    const frame = { id: "f", kind: "frame" as const, position: { x: -20, y: -40 }, width: 400, height: 200 };
    expect(membersOf(frame, definition, scene)).toEqual(["hook", "big", "note"]);
    expect(frameAround(["hook", "big"], scene)).toEqual({
      position: { x: -24, y: -60 },
      width: 388,
      height: 132,
    });
    expect(frameAround([], scene)).toBeNull();
  });
});

describe("settle", () => {
  const extents = Object.fromEntries(
    definition.nodes.map(({ id }) => [id, { width: 140, height: 48, ports: ["main"] }]),
  );
  it("leaves a definition alone in which everything stands", () => {
    expect(settle(definition, extents)).toBe(definition);
  });

  it("puts a node behind what leads to it, where nothing stands, and makes room between two", () => {
    const add = (connections: Definition["connections"]): Definition => ({
      ...definition,
      nodes: [...definition.nodes, { id: "new", name: "New", type: "ACTION", subtype: "TEXT" }],
      connections,
    });
    const place = (now: Definition, id: string) => now.nodes.find((one) => one.id === id)?.position;
    const all = { ...extents, new: { width: 140, height: 48, ports: ["main"] } };
    const behind = settle(add([...definition.connections, { from: "hook", port: "main", to: "new" }]), all);
    expect(place(behind, "new")).toEqual({ x: 184, y: 76 });
    const between = settle(
      add([
        { from: "hook", port: "main", to: "new" },
        { from: "new", port: "main", to: "big" },
        ...definition.connections.slice(1),
      ]),
      all,
    );
    expect(place(between, "new")).toEqual({ x: 184, y: 0 });
    expect(place(between, "big")?.x).toBeGreaterThanOrEqual(184 + 140 + 44);
    expect(place(between, "yes")?.x).toBeGreaterThan(400);
    expect(place(between, "loop")).toEqual({ x: 600, y: 0 });
  });
});
