import { describe, expect, it } from "vitest";
import { dockBelow } from "../../canvas/docking.ts";
import type { Definition, NodeTypeEntry } from "../../canvas/types.ts";
import { keyOf } from "../document/edits.ts";
import { found, groups } from "./catalogue.ts";
import { type Adding, type Drawn, defaultsOf, isFitting, plan } from "./planning.ts";

const entry = (
  type: string,
  subtype: string,
  name: string,
  rest: Partial<NodeTypeEntry> = {},
): NodeTypeEntry => ({
  type,
  subtype,
  name,
  summary: "",
  icon: "x",
  ports: ["main"],
  ...rest,
});
const HTTP = entry("ACTION", "HTTP_REQUEST", "HTTP request", {
  summary: "Call an HTTP API and return its answer.",
  keywords: ["rest", "curl", "fetch", "post"],
});
const IF = entry("FLOW", "IF", "If", { ports: ["true", "false"], keywords: ["condition", "branch"] });
const LOOP = entry("FLOW", "LOOP", "Loop", { is_container: true, keywords: ["for each"] });
const STOP = entry("FLOW", "STOP", "Stop", { ports: [] });
const HOOK = entry("TRIGGER", "WEBHOOK", "Webhook", { is_trigger: true });
const MEMORY = entry("MEMORY", "WINDOW", "Window");
const ODD = entry("BRAND_NEW", "X", "Odd");
const ALL = [ODD, HTTP, LOOP, IF, STOP, MEMORY, HOOK];

const node = (id: string, x: number, y: number, rest = {}) => ({
  id,
  name: id,
  type: "ACTION",
  subtype: "HTTP_REQUEST",
  position: { x, y },
  ...rest,
});
const START: Definition = {
  nodes: [node("a", 0, 0), node("if", 200, 0), node("b", 400, 0), node("c", 600, 0)],
  connections: [
    { from: "a", port: "main", to: "if" },
    { from: "if", port: "true", to: "b" },
    { from: "b", port: "main", to: "c", input: "second" },
  ],
};
const drawnOf = (definition: Definition): Drawn => ({
  positions: Object.fromEntries(definition.nodes.map(({ id, position }) => [id, position ?? { x: 7, y: 7 }])),
  sizes: { if: { width: 156, height: 97 }, loop: { width: 300, height: 200 } },
  ports: { if: ["true", "false"] },
  corner: () => ({ x: 1000, y: 1000 }),
});
const added = (type: NodeTypeEntry, adding: Adding, start = START) => {
  const { definition, id } = plan(start, type, adding, drawnOf(start));
  const one = definition.nodes.find((each) => each.id === id);
  if (!one) throw new Error("It was not added.");
  return { definition, one, ways: definition.connections.filter(({ from, to }) => from === id || to === id) };
};

describe("a new node", () => {
  it("is connected with the outcome that leads nowhere, beside it, and on nothing", () => {
    const { one, ways } = added(HTTP, { from: "if" });
    expect(ways).toEqual([{ from: "if", port: "false", to: "http_request" }]);
    expect(one).toMatchObject({ name: "HTTP request", position: { x: 404, y: 76 } });
    expect(added(HTTP, { from: "a" }).one.position).toEqual({ x: 204, y: 124 });
  });

  it("has names and ids of its own", () => {
    const { definition } = added(HTTP, {});
    const { one } = added(HTTP, {}, definition);
    expect([one.id, one.name]).toEqual(["http_request_2", "HTTP request 2"]);
    expect(one.position).toEqual({ x: 0, y: 200 });
  });

  it("goes between two others, which make room", () => {
    const cut = START.connections[1];
    const { definition, one, ways } = added(IF, { between: cut ? keyOf(cut) : "" });
    expect(one.position).toEqual({ x: 404, y: 0 });
    expect(ways).toEqual([
      { from: "if", port: "true", to: "if_2" },
      { from: "if_2", port: "true", to: "b" },
    ]);
    expect(definition.nodes.map(({ id, position }) => [id, position?.x])).toEqual([
      ["a", 0],
      ["if", 200],
      ["b", 608],
      ["c", 808],
      ["if_2", 404],
    ]);
    const last = START.connections[2];
    expect(added(HTTP, { between: last ? keyOf(last) : "" }).ways).toEqual([
      { from: "b", port: "main", to: "http_request" },
      { from: "http_request", port: "main", to: "c", input: "second" },
    ]);
  });

  it("comes before a node, too", () => {
    const { one, ways } = added(HOOK, { to: "a" });
    expect(ways).toEqual([{ from: "webhook", port: "main", to: "a" }]);
    expect(one.position?.x).toBeLessThan(-156);
  });

  it("stands inside the container of its neighbour, or in the one that was pointed at", () => {
    const start: Definition = {
      nodes: [node("loop", 0, 0), node("in", 24, 68, { parent: "loop" })],
      connections: [],
    };
    expect(added(HTTP, { from: "in" }, start).one).toMatchObject({
      parent: "loop",
      position: { x: 228, y: 68 },
    });
    const pointed = added(HTTP, { at: { x: 1400, y: 1200 }, parent: "loop" }, start).one;
    expect(pointed).toMatchObject({ parent: "loop", position: { x: 324, y: 176 } });
    const { position } = added(HTTP, { parent: "loop" }, { ...start, nodes: start.nodes.slice(0, 1) }).one;
    expect(position).toEqual({ x: 24, y: 68 });
    expect(added(HOOK, { from: "in" }, start).one.parent).toBeUndefined();
  });

  it("leaves the others where they are drawn, though nobody placed them", () => {
    const start: Definition = { nodes: [{ ...node("a", 0, 0), position: null }], connections: [] };
    const { definition } = added(HTTP, { from: "a" }, start);
    expect(definition.nodes[0]?.position).toEqual({ x: 7, y: 7 });
    expect(start.nodes[0]?.position).toBeNull();
  });

  it("begins with what its form needs and knows", () => {
    const schema = {
      required: ["kind", "mode", "title"],
      properties: {
        kind: { const: "a" },
        mode: { default: "fast" },
        title: { type: "string" },
        other: { default: 3 },
      },
    };
    expect(defaultsOf(schema)).toEqual({ kind: "a", mode: "fast" });
    expect(defaultsOf(undefined)).toEqual({});
  });
});

describe("what is offered", () => {
  it("fits the place", () => {
    const fitting = (adding: Adding) =>
      ALL.filter((each) => isFitting(each, adding, () => HTTP)).map(({ subtype }) => subtype);
    expect(fitting({})).toHaveLength(ALL.length);
    expect(fitting({ from: "a" })).toEqual(["X", "HTTP_REQUEST", "LOOP", "IF", "STOP"]);
    expect(fitting({ between: "a main b main" })).toEqual(["X", "HTTP_REQUEST", "LOOP", "IF"]);
    expect(fitting({ parent: "loop" })).not.toContain("WEBHOOK");
  });

  it("stands under its family, in the order of the design, new families last", () => {
    expect(groups(ALL).map(({ title }) => title)).toEqual([
      "Triggers",
      "Flow",
      "Actions",
      "Memory",
      "Brand new",
    ]);
  });

  it.each([
    ["http", "HTTP_REQUEST"],
    ["htp", "HTTP_REQUEST"],
    ["api", "HTTP_REQUEST"],
    ["curl", "HTTP_REQUEST"],
    ["for each", "LOOP"],
    ["branch", "IF"],
    ["if", "IF"],
    ["hook", "WEBHOOK"],
    ["start", "WEBHOOK"],
  ])("is found by %s", (query, subtype) => {
    expect(found(ALL, query)[0]?.subtype).toBe(subtype);
  });

  it("is nothing for what nothing has", () => {
    expect(found(ALL, "zzzz")).toEqual([]);
    expect(found(ALL, "quarterly")).toEqual([]);
  });

  it("has first what was used lately, where it fits as well", () => {
    expect(found([IF, LOOP], "", ["FLOW LOOP"])[0]?.subtype).toBe("LOOP");
  });
});

describe("agents", () => {
  const AGENT = entry("AI_AGENT", "X", "Agent");
  const TOOL = entry("TOOL", "X", "Tool");
  const start: Definition = {
    nodes: [
      ...START.nodes,
      node("agent", 0, 300, { type: "AI_AGENT", attached: ["old"] }),
      { id: "old", name: "old", type: "TOOL", subtype: "X" },
    ],
    connections: START.connections,
  };

  it("get what is hung on them, without a place of its own", () => {
    const { one, definition, ways } = added(
      TOOL,
      { agent: "agent", before: "old", at: { x: 5, y: 5 } },
      start,
    );
    expect(one.position).toBeUndefined();
    expect(ways).toEqual([]);
    expect(definition.nodes.find(({ id }) => id === "agent")?.attached).toEqual([one.id, "old"]);
  });

  it("are followed by all else", () => {
    const { one, ways } = added(HTTP, { from: "agent", agent: "agent" }, start);
    expect(ways).toEqual([{ from: "agent", port: "main", to: one.id }]);
    expect(one.position).toBeDefined();
    const fits = (type: NodeTypeEntry, adding: Adding) => isFitting(type, adding, () => AGENT);
    expect(fits(TOOL, { from: "agent", agent: "agent" })).toBe(true);
    expect(fits(TOOL, { from: "agent" })).toBe(false);
    expect(fits(HTTP, { agent: "agent", slot: "TOOL" })).toBe(false);
    expect([fits(TOOL, { slot: "TOOL" }), fits(MEMORY, { slot: "TOOL" })]).toEqual([true, false]);
  });

  it("stand so that what hangs below them has room", () => {
    const first = added(AGENT, {}, { nodes: [], connections: [] });
    const size = { width: 156, height: 48, dock: dockBelow({ width: 156, height: 48 }, []) };
    const sizes = { [first.one.id]: size };
    const { definition, id } = plan(
      first.definition,
      AGENT,
      { from: first.one.id },
      { ...drawnOf(first.definition), sizes },
    );
    const [a, b] = [first.one, definition.nodes.find((one) => one.id === id)];
    const gap =
      (b?.position?.x ?? 0) - size.dock.beyond.left - (a.position?.x ?? 0) - 156 - size.dock.beyond.right;
    expect(gap).toBeGreaterThan(0);
    expect(b?.position?.y).toBe(a.position?.y);
  });
});
