import { describe, expect, it } from "vitest";
import type { Definition } from "../../canvas/types.ts";
import { type Clip, clipOf, isEmpty, pasted, read, textOf } from "./clipboard.ts";

const START: Definition = {
  nodes: [
    {
      id: "fetch",
      name: "Fetch",
      type: "ACTION",
      subtype: "HTTP_REQUEST",
      position: { x: 100, y: 100 },
      params: { url: "{{ $node['Before'].url }}" },
    },
    { id: "loop", name: "Loop", type: "FLOW", subtype: "LOOP", position: { x: 300, y: 100 } },
    {
      id: "in",
      name: "Inner",
      type: "ACTION",
      subtype: "TEXT",
      parent: "loop",
      position: { x: 24, y: 68 },
      params: { text: ['{{ $node["Fetch"].body }} $node["Fetch"]', "{{ $node.Before.x }}"] },
    },
    { id: "agent", name: "Agent", type: "AI_AGENT", subtype: "X", attached: ["tool", "other"] },
    { id: "tool", name: "Tool", type: "TOOL", subtype: "X" },
    { id: "other", name: "Other", type: "TOOL", subtype: "X" },
    { id: "before", name: "Before", type: "ACTION", subtype: "TEXT" },
  ],
  connections: [
    { from: "fetch", port: "main", to: "loop", condition: '{{ $node["Fetch"].ok && $node["Before"].ok }}' },
    { from: "before", port: "main", to: "fetch" },
  ],
  annotations: [{ id: "note", text: "Why", position: { x: 0, y: 0 } }],
};
const PLACES = { fetch: { x: 100, y: 100 }, loop: { x: 300, y: 100 }, in: { x: 324, y: 168 } };
const clip = (nodes: string[], annotations: string[] = []): Clip =>
  clipOf(START, { nodes, annotations }, PLACES);
const paste = (given: Clip, into: Definition = START, where = {}) => {
  const result = pasted(into, given, where);
  return {
    ...result,
    fresh: result.definition.nodes.slice(into.nodes.length),
    ways: result.definition.connections.slice(into.connections.length),
  };
};

describe("what is pasted from anywhere", () => {
  const one = { id: "a", name: "Constructor", type: "ACTION", subtype: "TEXT" };
  const put = (...nodes: object[]) =>
    paste(
      (read(JSON.stringify({ nodes, annotations: [{ id: "x", position: { x: "1" } }] })) as { clip: Clip })
        .clip,
    );

  it("has each id once, and none that every object has", () => {
    const { definition, fresh } = put(one, { ...one, name: "Other" }, { ...one, id: "__proto__" });
    expect(new Set(definition.nodes.map(({ id }) => id)).size).toBe(definition.nodes.length);
    expect(fresh.map(({ id }) => id in {})).toEqual([false, false]);
  });

  it("keeps out what the canvas could not draw", () => {
    const { fresh } = put(
      { ...one, parent: "b", attached: "ab", position: { x: "1", y: null }, params: [] },
      { ...one, id: "b", parent: "a" },
      { ...one, id: "c", parent: "c", position: [] },
      { ...one, id: "d", parent: 5 },
    );
    expect(fresh).toHaveLength(4);
    for (const { parent, attached, position } of fresh) {
      expect([parent, attached]).toEqual([undefined, undefined]);
      expect([position?.x, position?.y].every(Number.isFinite)).toBe(true);
    }
  });

  it("is nothing where it is deeper than any workflow", () => {
    const deep = (depth: number) => `{"nodes":[],"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(read(deep(50))).not.toBeNull();
    expect(read(deep(10_000))).toBeNull();
  });
});

describe("copying", () => {
  it("takes what is inside along, and the connections among what is chosen", () => {
    const found = clip(["fetch", "loop"], ["note"]);
    expect(found.nodes.map(({ id }) => id)).toEqual(["fetch", "loop", "in"]);
    expect(found.connections).toHaveLength(1);
    expect(found.annotations).toHaveLength(1);
    expect(isEmpty(clip([]))).toBe(true);
  });

  it("puts a node that leaves its container where it is seen", () => {
    const [inner] = clip(["in"]).nodes;
    expect(inner).toMatchObject({ position: { x: 324, y: 168 } });
    expect(inner).not.toHaveProperty("parent");
  });

  it("takes an agent's tools along, and ties what is copied without its agent to the one it is put on", () => {
    const whole = paste(clip(["agent"]));
    expect(whole.fresh[0]?.attached).toEqual(["tool_2", "other_2"]);
    expect(whole.fresh.slice(1).map(({ position }) => position)).toEqual([null, null]);
    expect(whole.nodes).toEqual(["agent_2"]);
    const { definition } = paste(clip(["tool"]), START, { agents: new Map([["tool", "agent"]]) });
    const agent = definition.nodes.find(({ id }) => id === "agent");
    expect(agent?.attached).toEqual(["tool", "other", "tool_2"]);
    expect(definition.nodes.at(-1)).not.toHaveProperty("position");
  });
});

describe("pasting", () => {
  it("gives ids and names of its own, and references within follow", () => {
    const { fresh, ways, nodes } = paste(clip(["fetch", "loop"]));
    expect(fresh.map(({ id, name, parent }) => [id, name, parent])).toEqual([
      ["fetch_2", "Fetch 2", undefined],
      ["loop_2", "Loop 2", undefined],
      ["inner_2", "Inner 2", "loop_2"],
    ]);
    expect(nodes).toEqual(["fetch_2", "loop_2"]);
    expect(fresh[0]?.params).toEqual({ url: "{{ $node['Before'].url }}" });
    expect(fresh[2]?.params).toEqual({
      text: ['{{ $node["Fetch 2"].body }} $node["Fetch"]', "{{ $node.Before.x }}"],
    });
    expect(ways).toEqual([
      {
        from: "fetch_2",
        port: "main",
        to: "loop_2",
        condition: '{{ $node["Fetch 2"].ok && $node["Before"].ok }}',
      },
    ]);
  });

  it("keeps names that are free, in another workflow", () => {
    const empty: Definition = { nodes: [], connections: [] };
    const { fresh, definition } = paste(clip(["fetch", "loop"], ["note"]), empty);
    expect(fresh.map(({ name }) => name)).toEqual(["Fetch", "Loop", "Inner"]);
    expect(fresh[2]?.parent).toBe(fresh[1]?.id);
    expect(definition.annotations).toMatchObject([{ text: "Why" }]);
    expect(empty.nodes).toEqual([]);
  });

  it("stands where it was pointed, with its parts as far from one another as before", () => {
    const { fresh } = paste(clip(["fetch", "loop"]), START, { middle: { x: 1000, y: 1000 } });
    const [a, b, inner] = fresh;
    expect(a?.position).toEqual({ x: 824, y: 976 });
    expect((b?.position?.x ?? 0) - (a?.position?.x ?? 0)).toBe(200);
    expect(inner?.position).toEqual({ x: 24, y: 68 });
  });

  it("never lies on what was pasted before", () => {
    const first = paste(clip(["fetch"]));
    const second = paste(clip(["fetch"]), first.definition);
    expect(first.fresh[0]?.position).toEqual({ x: 100, y: 172 });
    expect(second.fresh[0]?.position).toEqual({ x: 100, y: 244 });
    const tall = { by: { x: 20, y: 20 }, sizes: { fetch: { width: 156, height: 97 } } };
    expect(paste(clip(["fetch"]), START, tall).fresh[0]?.position).toEqual({ x: 120, y: 220 });
  });

  it("goes into a container", () => {
    const where = { middle: { x: 500, y: 300 }, parent: { id: "loop", corner: { x: 300, y: 100 } } };
    const { fresh, nodes } = paste(clip(["fetch"]), START, where);
    expect(fresh[0]).toMatchObject({ parent: "loop", position: { x: 124, y: 176 } });
    expect(nodes).toEqual(["fetch_2"]);
  });

  it("keeps ids apart in what has the same twice, and drops what leads nowhere", () => {
    const odd = clip(["fetch"]);
    odd.connections = [{ from: "fetch", port: "main", to: "gone" }];
    odd.nodes.push({ ...START.nodes[3], id: "x", name: "Fetch" } as never);
    const { fresh, ways } = paste(odd);
    expect(fresh.map(({ name }) => name)).toEqual(["Fetch 2", "Fetch 3"]);
    expect(new Set(fresh.map(({ id }) => id)).size).toBe(2);
    expect([fresh[1]?.attached, ways]).toEqual([[], []]);
  });
});

describe("reading", () => {
  it("knows its own text again", () => {
    const given = clip(["fetch", "loop"], ["note"]);
    expect(read(textOf(given))).toEqual({ kind: "clip", clip: given });
  });

  it("takes a definition, and a workflow's file", () => {
    for (const document of [START, { format: "agentflow/workflow@1", name: "Orders", definition: START }]) {
      const found = read(`\n ${JSON.stringify(document)}`);
      expect(found?.kind === "clip" && found.clip.nodes).toEqual(START.nodes);
    }
  });

  it("leaves other products' workflows to the server", () => {
    const n8n = {
      nodes: [{ name: "Hook", type: "n8n-nodes-base.webhook", parameters: {} }],
      connections: {},
    };
    expect(read(JSON.stringify(n8n))).toEqual({ kind: "foreign", document: n8n });
  });

  it.each(["", "hello", "{", "[1]", "{}", '{"nodes": 1}', '"text"', "null"])(
    "takes %j for nothing",
    (text) => {
      expect(read(text)).toBeNull();
    },
  );
});
