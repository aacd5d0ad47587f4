import { describe, expect, it } from "vitest";
import { plainWay, type Rect, Router, type Wish } from "./routing.ts";

const rects: Rect[] = [0, 1, 2, 3].map((index) => ({
  id: `n${index}`,
  x: index * 200,
  y: 0,
  width: 140,
  height: 48,
}));
const wishesFor = (all: readonly Rect[]): Wish[] =>
  all.slice(1).map((rect, index) => {
    const before = all[index] as Rect;
    return {
      id: `${before.id} ${rect.id}`,
      from: before.id,
      to: rect.id,
      trunk: before.id,
      source: { x: before.x + before.width, y: before.y + 24 },
      target: { x: rect.x, y: rect.y + 24 },
    };
  });

describe("Router", () => {
  it("leaves ways alone that nothing came near", () => {
    const router = new Router();
    const before = router.route(wishesFor(rects), rects);
    expect(router.route(wishesFor(rects), rects)["n0 n1"]).toBe(before["n0 n1"]);
    const moved = rects.map((rect) => (rect.id === "n3" ? { ...rect, y: 120 } : rect));
    const after = router.route(wishesFor(moved), moved);
    expect(after["n0 n1"]).toBe(before["n0 n1"]);
    expect(after["n2 n3"]?.at(-1)).toEqual({ x: 600, y: 144 });
  });

  it("goes around what comes to stand on a way", () => {
    const router = new Router();
    const far = rects.filter(({ id }) => id === "n0" || id === "n3");
    const [wish] = wishesFor(far);
    if (!wish) throw new Error("There are two.");
    expect(router.route([wish], far)["n0 n3"]).toHaveLength(2);
    const after = router.route([wish], [...far, { id: "new", x: 300, y: 0, width: 140, height: 48 }]);
    expect(after["n0 n3"]?.some(({ y }) => y < -10 || y > 58)).toBe(true);
    expect(router.route([wish], far)["n0 n3"]).toHaveLength(2);
  });
});

it("draws a plain way forwards and backwards in right angles", () => {
  for (const way of [
    plainWay({ x: 0, y: 0 }, { x: 100, y: 50 }),
    plainWay({ x: 100, y: 0 }, { x: 0, y: 50 }),
  ])
    for (const [index, point] of way.entries()) {
      const before = way[index - 1];
      if (before) expect(before.x === point.x || before.y === point.y).toBe(true);
    }
});
