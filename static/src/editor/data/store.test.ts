import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Definition, Json } from "../../canvas/types.ts";
import { useEditor } from "../store.ts";
import type { EditorData } from "../types.ts";
import { isSameAround } from "./around.ts";
import { useData } from "./store.ts";

const node = (id: string, pinned?: Json) => ({
  id,
  name: id,
  type: "ACTION",
  subtype: "TRANSFORM",
  ...(pinned === undefined ? {} : { pinned_output: pinned }),
});
const drawn = (pinned?: Json, mapping?: Json): Definition => ({
  nodes: [node("a", pinned), node("b")],
  connections: [{ from: "a", port: "main", to: "b", ...(mapping ? { mapping } : {}) }],
});
const said = (value: Json, source: string | null = "run") => ({
  source,
  value,
  state: "COMPLETED",
  port: "main",
  at: "2026-11-20T08:00:00Z",
  execution_id: "e1",
  path: "",
  large: null,
});

const asked: string[] = [];

beforeEach(() => {
  const definition = drawn();
  useEditor.setState({ definition, saved: definition, data: { api: "/api/w/" } as EditorData });
  useData.setState({ around: {}, outputs: {}, problems: {} });
  asked.length = 0;
  vi.stubGlobal("document", { documentElement: { dataset: {} }, body: { getAttribute: () => "{}" } });
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const answer = {
      node: "b",
      input: { ...said({ x: 1 }), ports: { main: { x: 1 } }, from_nodes: ["a"], problem: "" },
      nodes: { a: said({ x: 1 }), b: said(null, "example") },
      visible: ["a"],
      trigger: "a",
      round: null,
      variables: { limit: 5 },
    };
    const headers = new Headers({ "Content-Type": "application/json" });
    return Promise.resolve(new Response(JSON.stringify(answer), { headers }));
  });
});

afterEach(() => vi.unstubAllGlobals());

describe("what is pinned", () => {
  it("counts at once, and is the same object as long as it is the same", () => {
    useEditor.setState({ definition: drawn({ y: 2 }) });
    const { inputOf, outputOf } = useData.getState();
    expect(outputOf("a")).toMatchObject({ source: "pinned", value: { y: 2 } });
    expect(inputOf("b")).toMatchObject({
      source: "pinned",
      value: { y: 2 },
      from: ["a"],
      ports: { main: { y: 2 } },
    });
    expect(inputOf("b")).toBe(inputOf("b"));
    expect(outputOf("a")).toBe(outputOf("a"));
  });

  it("counts also where it is null", () => {
    useEditor.setState({ definition: drawn(null) });
    expect(useData.getState().outputOf("a")).toMatchObject({ source: "pinned", value: null });
  });

  it("is worked out by the server where a connection changes it", () => {
    useEditor.setState({ definition: drawn({ y: 2 }, { mode: "direct" }) });
    expect(useData.getState().inputOf("b").source).toBe(null);
  });

  it("tells whoever listens that it changed", () => {
    const before = useData.getState().version;
    useEditor.setState({ definition: drawn({ y: 3 }) });
    expect(useData.getState().version).toBe(before + 1);
  });
});

describe("what the server says", () => {
  it("is kept by node", async () => {
    await useData.getState().load("b");
    const { inputOf, outputOf, around } = useData.getState();
    expect(asked).toEqual(["/api/w/data/?node=b"]);
    expect(inputOf("b")).toMatchObject({
      status: "COMPLETED",
      value: { x: 1 },
      source: "run",
      executionId: "e1",
    });
    expect(outputOf("b")).toMatchObject({ source: "example", value: null });
    expect(around.b).toMatchObject({ visible: ["a"], trigger: "a", variables: { limit: 5 } });
  });

  it("is not asked for a node that was not saved yet, and asked once it was", async () => {
    vi.useFakeTimers();
    useEditor.setState({ definition: { ...drawn(), nodes: [...drawn().nodes, node("new")] } });
    await useData.getState().load("new");
    expect(asked).toEqual([]);
    useEditor.setState({ saved: useEditor.getState().definition });
    await vi.advanceTimersByTimeAsync(150);
    expect(asked).toEqual(["/api/w/data/?node=new"]);
    vi.useRealTimers();
  });
});

describe("isSameAround", () => {
  const changed = (id: string, change: object): Definition => ({
    ...drawn(),
    nodes: drawn().nodes.map((each) => (each.id === id ? { ...each, ...change } : each)),
  });

  it("looks past where things stand, and past the node's own parameters", () => {
    expect(isSameAround(drawn(), changed("b", { params: { x: 1 }, position: { x: 1, y: 2 } }), "b")).toBe(
      true,
    );
    expect(isSameAround(drawn(), changed("a", { position: { x: 1, y: 2 }, notes: "n" }), "b")).toBe(true);
  });

  it("counts what a container says of its rounds", () => {
    const inside = (params: object): Definition => ({
      nodes: [
        { ...node("a"), params: params as Record<string, Json> },
        { ...node("b"), parent: "a" },
      ],
      connections: [],
    });
    expect(isSameAround(inside({ items: "x" }), inside({ items: "y" }), "a")).toBe(false);
  });

  it.each([
    ["another node's parameters", changed("a", { params: { x: 1 } })],
    ["a name", changed("b", { name: "other" })],
    ["a pin", changed("a", { pinned_output: null })],
    ["a connection", { ...drawn(), connections: [] }],
    ["a node more", { ...drawn(), nodes: [...drawn().nodes, node("c")] }],
  ])("sees %s", (_what, other) => {
    expect(isSameAround(drawn(), other, "b")).toBe(false);
  });
});
