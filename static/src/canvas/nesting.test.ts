import Elk from "elkjs/lib/elk.bundled.js";
import { describe, expect, it } from "vitest";
import { ancestorsOf, familyOf, manner, outsideIn, placeOf } from "./family.ts";
import { layOutWith } from "./layout.ts";
import { HEADER } from "./measure.ts";
import { absolute, areOverlapping, layOutNested, type NestedNode } from "./nesting.ts";
import type { NodeDocument } from "./types.ts";

const document = (id: string, parent?: string): NodeDocument => ({
  id,
  name: id,
  type: "FLOW",
  subtype: ["lines", "sizes", "empty"].includes(id) ? "LOOP" : "IF",
  ...(parent ? { parent } : {}),
});
const documents = [
  document("hook"),
  document("lines"),
  document("reserve", "lines"),
  document("sizes", "lines"),
  document("label", "sizes"),
  document("stop", "sizes"),
  document("end"),
  document("empty"),
];
const loop = {
  type: "FLOW",
  subtype: "LOOP",
  name: "Loop",
  summary: "",
  icon: "repeat",
  ports: ["main"],
  is_container: true,
};
const family = familyOf(documents, (node) => (node.subtype === "LOOP" ? loop : undefined));
const edges = [
  { from: "hook", port: "main", to: "lines" },
  { from: "reserve", port: "main", to: "sizes" },
  { from: "label", port: "main", to: "stop" },
  { from: "lines", port: "main", to: "end" },
];
const nodes = (
  positions: Record<string, { x: number; y: number }> = {},
  closed: string[] = [],
): NestedNode[] =>
  documents.map(({ id }) => ({
    id,
    width: family.containers.has(id) ? 300 : 140,
    height: family.containers.has(id) ? 100 : HEADER,
    ports: ["main"],
    position: positions[id] ?? null,
    ...(family.containers.has(id)
      ? { container: { minWidth: 300, foot: 52, isClosed: closed.includes(id) } }
      : {}),
  }));

describe("familyOf", () => {
  it("knows containers by their type and by their children", () => {
    expect([...family.containers].sort()).toEqual(["empty", "lines", "sizes"]);
    expect(ancestorsOf(family, "label")).toEqual(["lines", "sizes"]);
    expect(outsideIn(family)).toEqual(["hook", "lines", "reserve", "sizes", "label", "stop", "end", "empty"]);
    expect([...familyOf([document("a"), document("b", "a")], () => undefined).containers]).toEqual(["a"]);
  });

  it("takes a parent that is missing, or inside its own child, for none", () => {
    const odd = familyOf([document("a", "gone"), document("b", "c"), document("c", "b")], () => undefined);
    expect(odd.parentOf.size).toBe(0);
    expect(outsideIn(odd)).toEqual(["a", "b", "c"]);
  });

  it("finds the level that is looked at", () => {
    expect(placeOf(family, {}, "hook")).toEqual({ path: "", isExact: true, open: null });
    expect(placeOf(family, {}, "label")).toEqual({ path: "", isExact: false, open: "lines" });
    expect(placeOf(family, { lines: 2 }, "label")).toEqual({
      path: "lines[2]",
      isExact: false,
      open: "sizes",
    });
    expect(placeOf(family, { lines: 2, sizes: 0 }, "label").path).toBe("lines[2]/sizes[0]");
    expect(placeOf(family, { lines: 2 }, "sizes")).toEqual({ path: "lines[2]", isExact: true, open: null });
  });

  it("says how a loop goes about it", () => {
    expect(manner({ parallelism: 5, batch_size: 20 })).toBe("5 at a time, batches of 20");
    expect(manner({ max_iterations: 20 })).toBe("at most 20 times");
    expect(manner({ parallelism: 1 })).toBe("");
  });
});

layOutWith(new Elk());
const layout = await layOutNested(nodes(), edges, family, false);

describe("layOutNested", () => {
  it("draws everything inside its container, and nothing on anything else", () => {
    const places = absolute(layout.places, family);
    for (const { id } of documents) {
      const parent = family.parentOf.get(id);
      const [own, size] = [layout.places[id], layout.sizes[id]];
      if (!own || !size) throw new Error(id);
      if (parent) {
        const around = layout.sizes[parent];
        expect(own.y).toBeGreaterThanOrEqual(HEADER);
        expect(own.x).toBeGreaterThan(0);
        expect(own.x + size.width).toBeLessThan(around?.width ?? 0);
        expect(own.y + size.height).toBeLessThan((around?.height ?? 0) - 52);
      }
      for (const { id: other } of documents) {
        const [place, extent] = [places[other], layout.sizes[other]];
        if (id >= other || family.parentOf.get(other) !== parent || !place || !extent) continue;
        const mine = places[id] ?? { x: 0, y: 0 };
        expect(
          mine.x + size.width <= place.x ||
            place.x + extent.width <= mine.x ||
            mine.y + size.height <= place.y ||
            place.y + extent.height <= mine.y,
          `${id} on ${other}`,
        ).toBe(true);
      }
    }
  });

  it("gives an empty container room and a closed one no more than its head", async () => {
    expect(layout.sizes.empty?.height).toBeGreaterThan(HEADER + 52);
    const closed = await layOutNested(nodes({}, ["lines"]), edges, family, false);
    expect(closed.sizes.lines).toEqual({ width: 300, height: 100 });
    expect(closed.places.reserve).toBeUndefined();
  });

  it("keeps positions that are there, level by level", async () => {
    const stored = {
      hook: { x: 0, y: 0 },
      lines: { x: 300, y: 10 },
      end: { x: 1400, y: 0 },
      empty: { x: 0, y: 700 },
      reserve: { x: 500, y: 500 },
      sizes: { x: 700, y: 500 },
    };
    const kept = await layOutNested(nodes(stored), edges, family, false);
    expect(kept.places.end).toEqual({ x: 1400, y: 0 });
    expect((kept.places.sizes?.x ?? 0) - (kept.places.reserve?.x ?? 0)).toBe(200);
    expect(kept.places.reserve?.x).toBe(24);
    const covered = await layOutNested(nodes({ ...stored, end: { x: 320, y: 40 } }), edges, family, false);
    expect(covered.places.end?.x).toBeGreaterThan((covered.places.lines?.x ?? 0) + 300);
    expect((await layOutNested(nodes(stored), edges, family, true)).places.end).not.toEqual({
      x: 1400,
      y: 0,
    });
  });

  it("does not mind cards that touch", () => {
    const at = (x: number, y: number) => ({ id: "a", width: 100, height: 50, ports: [], position: { x, y } });
    expect(areOverlapping([at(0, 0), at(95, 0)])).toBe(false);
    expect(areOverlapping([at(0, 0), at(40, 10)])).toBe(true);
  });
});
