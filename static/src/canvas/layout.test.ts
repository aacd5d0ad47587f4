import Elk from "elkjs/lib/elk.bundled.js";
import { describe, expect, it } from "vitest";
import { layOut, layOutWith, needsLayout } from "./layout.ts";
import { cardHeight, portOffset } from "./measure.ts";
import { type Rect, routeAll, type Wish } from "./routing.ts";

const ports: Record<string, string[]> = { big: ["true", "false"], ask: ["approved", "rejected", "timeout"] };
const ids = ["hook", "total", "stock", "join", "big", "ask", "ship", "yes", "no"];
const nodes = ids.map((id) => ({
  id,
  width: 140,
  height: cardHeight(ports[id] ?? ["main"]),
  ports: ports[id] ?? ["main"],
}));
const edges = [
  ["hook", "main", "total"],
  ["hook", "main", "stock"],
  ["total", "main", "join"],
  ["stock", "main", "join"],
  ["join", "main", "big"],
  ["big", "true", "ask"],
  ["big", "false", "ship"],
  ["ask", "approved", "ship"],
  ["ask", "rejected", "no"],
  ["ask", "timeout", "no"],
  ["ship", "main", "yes"],
].map(([from = "", port = "", to = ""]) => ({ from, port, to }));

layOutWith(new Elk());
const layout = await layOut(nodes, edges);
const rects: Rect[] = nodes.map(({ id, width, height }) => ({
  id,
  width,
  height,
  ...(layout.places[id] ?? { x: 0, y: 0 }),
}));
const rect = (id: string): Rect =>
  rects.find((one) => one.id === id) ?? { id, x: 0, y: 0, width: 0, height: 0 };

describe("layOut", () => {
  it("draws from left to right without overlap", () => {
    for (const { from, to } of edges) expect(rect(to).x).toBeGreaterThan(rect(from).x + 140);
    for (const a of rects)
      for (const b of rects)
        if (a.id < b.id)
          expect(
            a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
          ).toBe(true);
  });

  it("reorders outcomes so that nothing crosses", () => {
    expect(layout.ports.big).toEqual(["false", "true"]);
    expect(rect("ship").y).toBeLessThan(rect("ask").y);
  });

  it("keeps a plain connection on one line", () => {
    expect(rect("join").y).toBe(rect("big").y);
    expect(rect("hook").y).toBe(rect("total").y);
    expect(rect("ship").y).toBe(rect("yes").y);
  });

  it("keeps the order of the document where it may", () => {
    expect(rect("total").y).toBeLessThan(rect("stock").y);
  });

  it("places single nodes and nothing", async () => {
    expect((await layOut([], [])).places).toEqual({});
    expect((await layOut([{ id: "a", width: 140, height: 48, ports: ["main"] }], [])).places).toEqual({
      a: { x: 0, y: 0 },
    });
  });
});

describe("needsLayout", () => {
  const p = (x: number) => ({ x, y: 0 });
  it("is so without positions or with all on one spot", () => {
    expect(needsLayout([])).toBe(false);
    expect(needsLayout([p(1), undefined])).toBe(true);
    expect(needsLayout([p(0), p(0)])).toBe(true);
    expect(needsLayout([p(0), p(9)])).toBe(false);
    expect(needsLayout([p(0)])).toBe(false);
  });
});

describe("routeAll", () => {
  it("goes around cards", () => {
    const wishes: Wish[] = edges.map(({ from, port, to }, index) => ({
      id: String(index),
      from,
      to,
      trunk: `${from} ${port}`,
      source: { x: rect(from).x + 144.5, y: rect(from).y + portOffset(layout.ports[from] ?? [], port) },
      target: { x: rect(to).x - 4.5, y: rect(to).y + 24 },
    }));
    const ways = routeAll(wishes, rects);
    for (const wish of wishes) {
      const way = ways[wish.id] ?? [];
      expect(way[0]).toEqual(wish.source);
      expect(way.at(-1)).toEqual(wish.target);
      for (let index = 1; index < way.length; index++) {
        const [a, b] = [way[index - 1], way[index]];
        if (!a || !b) continue;
        expect(a.x === b.x || a.y === b.y).toBe(true);
        for (const card of rects) {
          const isInside =
            Math.max(a.x, b.x) > card.x &&
            Math.min(a.x, b.x) < card.x + card.width &&
            Math.max(a.y, b.y) > card.y &&
            Math.min(a.y, b.y) < card.y + card.height;
          expect(isInside, `${wish.from} ${wish.trunk} → ${wish.to} through ${card.id}`).toBe(false);
        }
      }
    }
  });
});
