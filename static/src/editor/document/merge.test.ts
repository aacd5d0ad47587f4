import { describe, expect, it } from "vitest";
import type { Annotation, Definition, Json, NodeDocument } from "../../canvas/types.ts";
import { UNTOUCHED } from "./apart.ts";
import { takingTheirs } from "./choices.ts";
import { addNodes, connect, freeId, freeName, keyOf, removeNodes, setNode, setParam } from "./edits.ts";
import { redone, undone } from "./history.ts";
import { isSame, merge } from "./merge.ts";

const node = (id: string, rest: Partial<NodeDocument> = {}): NodeDocument => ({
  id,
  name: id.toUpperCase(),
  type: "ACTION",
  subtype: "TEXT",
  params: { text: "1" },
  position: { x: 0, y: 0 },
  ...rest,
});
const way = (from: string, to: string, rest = {}) => ({ from, port: "main", to, ...rest });
const BASE: Definition = {
  nodes: [
    node("a"),
    node("b"),
    node("loop"),
    node("in", { parent: "loop" }),
    node("agent", { attached: ["b"] }),
  ],
  connections: [way("a", "b"), way("b", "loop")],
  settings: { timezone: "UTC" },
  annotations: [{ id: "n", text: "Note", position: { x: 0, y: 0 } }],
};
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const at = (definition: Definition, id: string) => definition.nodes.find((one) => one.id === id);
const text =
  (value: Json, id = "a") =>
  (now: Definition) =>
    setParam(now, id, "text", value);
const three = (mine: (now: Definition) => Definition, theirs: (now: Definition) => Definition) =>
  merge(BASE, mine(copy(BASE)), theirs(copy(BASE)));

describe("two people", () => {
  it("both keep what they changed in different places, down to one parameter", () => {
    const { definition, conflicts } = three(
      (now) => setParam(text("2")(now), "a", "mine", 1),
      (now) => setParam(setNode(now, "a", { notes: "theirs" }), "a", "other", 2),
    );
    expect(conflicts).toEqual([]);
    expect(at(definition, "a")).toMatchObject({ notes: "theirs", params: { text: "2", mine: 1, other: 2 } });
  });

  it("are asked where they changed the same, with both values", () => {
    const { definition, conflicts } = three(text("mine"), text("theirs"));
    expect(conflicts).toEqual([
      { nodeId: "a", path: ["nodes", "a", "params", "text"], mine: "mine", theirs: "theirs" },
    ]);
    expect(at(definition, "a")?.params?.text).toBe("mine");
    expect(at(takingTheirs(definition, conflicts), "a")?.params?.text).toBe("theirs");
    expect(three(text("same"), text("same")).conflicts).toEqual([]);
  });

  it("work on different rows of a list, as long as the rows are the same", () => {
    const rows = (...values: string[]) =>
      values.map((value) => ({ name: value.slice(0, 1), value })) as unknown as Json;
    const set = (value: Json) => (now: Definition) => setParam(now, "a", "fields", value);
    const ground = set(rows("a1", "b1"))(BASE);
    const found = merge(ground, set(rows("a2", "b1"))(ground), set(rows("a3", "b2"))(ground));
    expect(at(found.definition, "a")?.params?.fields).toEqual(rows("a2", "b2"));
    expect(found.conflicts).toMatchObject([{ path: ["nodes", "a", "params", "fields", "0", "value"] }]);
    const taken = takingTheirs(found.definition, found.conflicts);
    expect(at(taken, "a")?.params?.fields).toEqual(rows("a3", "b2"));
    const moved = merge(ground, set(rows("b1", "a1"))(ground), set(rows("a1", "b2"))(ground));
    expect(moved.conflicts).toMatchObject([{ path: ["nodes", "a", "params", "fields"] }]);
  });

  it("are not asked about where something stands", () => {
    const { definition, conflicts } = three(
      (now) => setNode(now, "a", { position: { x: 1, y: 1 } }),
      (now) => setNode(now, "a", { position: { x: 2, y: 2 } }),
    );
    expect([conflicts, at(definition, "a")?.position]).toEqual([[], { x: 1, y: 1 }]);
  });

  it.each([true, false])("lose nothing when one removes what the other goes on with (mine: %s)", (isMine) => {
    const remove = (now: Definition) => removeNodes(now, ["b"]);
    const found = isMine ? three(remove, text("2", "b")) : three(text("2", "b"), remove);
    expect(found.conflicts).toMatchObject([{ nodeId: "b", path: ["nodes", "b"] }]);
    expect(at(found.definition, "b")?.params?.text).toBe("2");
    expect(found.definition.connections.map(keyOf).sort()).toEqual(BASE.connections.map(keyOf).sort());
    if (isMine) return;
    const gone = takingTheirs(found.definition, found.conflicts);
    expect([at(gone, "b"), gone.connections, at(gone, "agent")?.attached]).toEqual([undefined, [], []]);
  });

  it("are asked when one leads to what the other removed, or puts something into it", () => {
    const led = three(
      (now) => removeNodes(now, ["b"]),
      (now) => connect(now, way("in", "b")),
    );
    expect(led.conflicts).toMatchObject([{ path: ["nodes", "b"], mine: undefined }]);
    expect(led.definition.connections.map(keyOf)).toContain("in main b main");
    const put = three(
      (now) => addNodes(now, [node("new", { parent: "loop" })]),
      (now) => removeNodes(now, ["loop"]),
    );
    expect(put.conflicts).toMatchObject([{ path: ["nodes", "loop"], theirs: undefined }]);
    expect(at(put.definition, "new")?.parent).toBe("loop");
  });

  it("keep both of two nodes that were added under one id and name, and what refers to them", () => {
    const add = (subtype: string) => (now: Definition) => {
      const added = addNodes(now, [node("http", { name: "HTTP", subtype })]);
      return connect(
        text(`{{ $node["HTTP"].${subtype} }}`, subtype === "mine" ? "a" : "b")(added),
        way("a", "http"),
      );
    };
    const { definition, conflicts, ids } = three(add("mine"), add("theirs"));
    expect(conflicts).toEqual([]);
    expect([...ids]).toEqual([["http", "http_2"]]);
    expect(at(definition, "http")).toMatchObject({ name: "HTTP", subtype: "theirs" });
    expect(at(definition, "http_2")).toMatchObject({ name: "HTTP 2", subtype: "mine" });
    expect(definition.connections.map(keyOf)).toEqual(
      expect.arrayContaining(["a main http main", "a main http_2 main"]),
    );
    expect(at(definition, "a")?.params?.text).toBe('{{ $node["HTTP 2"].mine }}');
    expect(at(definition, "b")?.params?.text).toBe('{{ $node["HTTP"].theirs }}');
  });

  it("keep two nodes apart that got one name", () => {
    const { definition } = three(
      (now) => setNode(now, "a", { name: "Total" }),
      (now) => setNode(now, "b", { name: "Total" }),
    );
    expect(definition.nodes.map(({ name }) => name).slice(0, 2)).toEqual(["Total 2", "Total"]);
  });

  it("never make a container stand inside itself", () => {
    const start: Definition = { nodes: [node("x"), node("y")], connections: [] };
    const { definition } = merge(
      start,
      setNode(start, "x", { parent: "y" }),
      setNode(start, "y", { parent: "x" }),
    );
    expect(definition.nodes.map(({ parent }) => parent)).toEqual(["y", undefined]);
  });

  it("add and remove ties of an agent side by side", () => {
    const { definition, conflicts } = three(
      (now) => setNode(now, "agent", { attached: ["b", "a"] }),
      (now) => setNode(now, "agent", { attached: ["in"] }),
    );
    expect([at(definition, "agent")?.attached, conflicts]).toEqual([["a", "in"], []]);
  });

  it("may use names that every object has", () => {
    const odd = (value: Json) => (now: Definition) =>
      setNode(addNodes(now, []), "a", {
        params: JSON.parse(`{"__proto__": ${JSON.stringify(value)}, "constructor": 1}`),
      });
    const { conflicts, definition } = three(odd({ x: 1 }), odd({ y: 2 }));
    expect(conflicts).toEqual([]);
    expect(JSON.stringify(at(definition, "a")?.params)).toContain('"__proto__":{"x":1,"y":2}');
    expect(isSame({ toString: 1 }, {})).toBe(false);
  });

  it("keep a node that stands there twice", () => {
    const twice: Definition = { nodes: [node("a"), node("a", { notes: "2nd" }), node("b")], connections: [] };
    const { definition } = merge(
      twice,
      text("2", "b")(copy(twice)),
      setNode(copy(twice), "b", { notes: "x" }),
    );
    expect(definition.nodes.map(({ id, notes }) => [id, notes])).toEqual([
      ["a", undefined],
      ["a", "2nd"],
      ["b", "x"],
    ]);
  });
});

describe("undo beside others", () => {
  it("takes back what was done here, and leaves what they did", () => {
    const after = text("2")(BASE);
    const now = setNode(after, "b", { notes: "theirs" });
    const history = { past: [{ label: "Type", before: BASE, after, at: 0 }], future: [] };
    const back = undone(history, now);
    expect(at(back?.definition ?? BASE, "a")?.params?.text).toBe("1");
    expect(at(back?.definition ?? BASE, "b")?.notes).toBe("theirs");
    const again = back && redone(back.history, back.definition);
    expect(again?.definition).toEqual(now);
  });

  it("leaves what they changed at the very place", () => {
    const after = text("2")(BASE);
    const history = { past: [{ label: "Type", before: BASE, after, at: 0 }], future: [] };
    const back = undone(history, text("theirs")(after));
    expect(at(back?.definition ?? BASE, "a")?.params?.text).toBe("theirs");
    const added = addNodes(BASE, [node("new")]);
    const step = { past: [{ label: "Add", before: BASE, after: added, at: 0 }], future: [] };
    const kept = undone(step, text("theirs", "new")(added));
    expect(at(kept?.definition ?? BASE, "new")?.params?.text).toBe("theirs");
  });
});

/* What holds for any edits. Each run draws others; the seed is told when one fails. */

const RUNS = Number(process.env.MERGE_RUNS ?? 120);

/** Numbers that look random, the same ones for a seed. */
function drawn(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

function edited(start: Definition, draw: (below: number) => number, count: number): Definition {
  let now = copy(start);
  for (let turn = 0; turn < count; turn++) {
    const some = now.nodes[draw(now.nodes.length || 1)];
    const other = now.nodes[draw(now.nodes.length || 1)];
    const kind = draw(9);
    if (kind < 2 || !some || !other) {
      const name = freeName(now, ["Fetch", "Total", "Ask"][draw(3)] ?? "Fetch");
      const parent = some && draw(3) === 0 ? { parent: some.id } : {};
      const params = { v: draw(5), text: some ? `{{ $node["${some.name}"].x }}` : "" };
      now = addNodes(now, [{ ...node(freeId(now, name), { name, params }), ...parent }]);
    } else if (kind === 2) now = removeNodes(now, [some.id]);
    else if (kind === 3) now = setParam(now, some.id, ["v", "text", "w"][draw(3)] ?? "v", draw(4));
    else if (kind === 4) now = setNode(now, some.id, { position: { x: draw(100), y: draw(100) } });
    else if (kind === 5)
      now = connect(now, way(some.id, other.id, draw(2) ? { condition: `{{ ${draw(3)} }}` } : {}));
    else if (kind === 6)
      now = { ...now, connections: now.connections.filter((_, index) => index !== draw(4)) };
    else if (kind === 7) now = { ...now, settings: { ...now.settings, [`s${draw(3)}`]: draw(3) } };
    else {
      const notes = now.annotations ?? [];
      const note: Annotation = {
        id: freeId(now, "note"),
        text: `${draw(9)}`,
        position: { x: draw(9), y: 0 },
      };
      now = { ...now, annotations: draw(3) ? [...notes, note] : notes.slice(1) };
    }
  }
  return now;
}

const plain = (definition: Definition): Json => {
  const by = (rows: readonly object[], key: (row: never) => string): Json =>
    Object.fromEntries(rows.map((row) => [key(row as never), row as Json]));
  return {
    nodes: by(definition.nodes, ({ id }: NodeDocument) => id),
    connections: by(definition.connections, keyOf),
    annotations: by(definition.annotations ?? [], ({ id }: Annotation) => id),
    settings: definition.settings ?? {},
  };
};

describe("any edits", { timeout: 120_000 }, () => {
  const runs = Array.from({ length: RUNS }, (_, seed) => {
    const draw = drawn(seed + 1);
    const base = edited({ nodes: [], connections: [] }, draw, 8);
    return { seed, base, mine: edited(base, draw, 1 + draw(8)), theirs: edited(base, draw, 1 + draw(8)) };
  });

  it("alone are all that comes out, from either side", () => {
    for (const { seed, base, mine } of runs) {
      for (const found of [
        merge(base, mine, copy(base)),
        merge(base, copy(base), mine),
        merge(base, mine, copy(mine)),
      ]) {
        expect(plain(found.definition), `seed ${seed}`).toEqual(plain(mine));
        expect(found.conflicts, `seed ${seed}`).toEqual([]);
      }
    }
  });

  it("leave no connection, parent or tie that leads nowhere, and no id or name twice", () => {
    for (const { seed, base, mine, theirs } of runs) {
      const { definition } = merge(base, mine, theirs);
      const ids = definition.nodes.map(({ id }) => id);
      const known = new Set(ids);
      expect(known.size, `seed ${seed}`).toBe(ids.length);
      expect(new Set(definition.nodes.map(({ name }) => name)).size, `seed ${seed}`).toBe(ids.length);
      for (const { from, to } of definition.connections)
        expect(known.has(from) && known.has(to), `seed ${seed}`).toBe(true);
      for (const { id, parent } of definition.nodes) {
        expect(!parent || known.has(parent), `seed ${seed}`).toBe(true);
        const seen = new Set([id]);
        for (let up = parent; up; up = at(definition, up)?.parent) {
          expect(seen.has(up), `seed ${seed}: ${id} is inside itself`).toBe(false);
          seen.add(up);
        }
      }
    }
  });

  it("lose nothing that either side added or changed without it being asked about", () => {
    for (const { seed, base, mine, theirs } of runs) {
      const { definition, conflicts, ids } = merge(base, mine, theirs);
      const asked = new Set(conflicts.map(({ path }) => path[1]));
      for (const [side, now] of [
        [mine, (id: string) => ids.get(id) ?? id],
        [theirs, (id: string) => id],
      ] as const)
        for (const one of side.nodes) {
          const before = at(base, one.id);
          if (before && isSame(before.params ?? {}, one.params ?? {})) continue;
          const found = at(definition, now(one.id));
          expect(found, `seed ${seed}: ${one.id} is gone`).toBeDefined();
          const isRenamed = JSON.stringify(one.params).includes("$node");
          if (!asked.has(now(one.id)) && !before && !isRenamed)
            expect(found?.params, `seed ${seed}: ${one.id}`).toEqual(one.params);
          for (const [name, value] of Object.entries(one.params ?? {}))
            if (!asked.has(now(one.id)) && before && !isSame(before.params?.[name], value) && !isRenamed)
              expect(found?.params?.[name], `seed ${seed}: ${one.id}.${name}`).toEqual(value);
        }
    }
  });

  it("come out the same from both sides where nobody has to be asked", () => {
    let compared = 0;
    for (const { seed, base, mine, theirs } of runs) {
      const [here, there] = [merge(base, mine, theirs), merge(base, theirs, mine)];
      // Ids, names and places are each side's own choice.
      const isApart = here.carry === UNTOUCHED.carry && there.carry === UNTOUCHED.carry;
      if (isApart) expect(there.conflicts.length === 0, `seed ${seed}`).toBe(here.conflicts.length === 0);
      const isFree = here.conflicts.length === 0 && isApart;
      const names = (definition: Definition) =>
        definition.nodes.map(({ id, name }) => `${id} ${name}`).sort();
      if (!isFree || names(here.definition).join() !== names(there.definition).join()) continue;
      compared++;
      const still = (definition: Definition): Json =>
        plain({
          ...definition,
          nodes: definition.nodes.map(({ position: _place, ...rest }) => rest),
          annotations: definition.annotations?.map((one) => ({ ...one, position: { x: 0, y: 0 } })) ?? [],
        });
      expect(still(here.definition), `seed ${seed}`).toEqual(still(there.definition));
    }
    expect(compared).toBeGreaterThan(RUNS / 30);
  });

  it("become theirs when every choice is theirs", () => {
    for (const { seed, base, mine, theirs } of runs) {
      const { definition, conflicts } = merge(base, mine, theirs);
      const taken = takingTheirs(definition, conflicts);
      for (const { path, theirs: value } of conflicts) {
        if (path[0] !== "nodes" || path.length !== 2) continue;
        expect(at(taken, path[1] ?? "") === undefined, `seed ${seed}`).toBe(value === undefined);
      }
    }
  });
});
