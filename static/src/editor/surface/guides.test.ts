import { describe, expect, it } from "vitest";
import { align } from "./guides.ts";

const rect = (id: string, x: number, y: number, width = 140, height = 48) => ({ id, x, y, width, height });

describe("align", () => {
  it("snaps to the nearest edge or middle, and leaves what is far", () => {
    expect(align(rect("", 203, 52), [rect("a", 0, 50)], 6).by).toEqual({ x: 0, y: -2 });
    expect(align(rect("", 3, 200), [rect("a", 0, 50)], 6).by).toEqual({ x: -3, y: 0 });
    expect(align(rect("", 60, 300, 60, 48), [rect("a", 17, 50)], 6).by.x).toBe(-3);
    expect(align(rect("", 400, 300), [rect("a", 0, 50)], 6)).toEqual({ by: { x: 0, y: 0 }, guides: [] });
  });

  it("says how far the neighbour on the line is, and nothing where they overlap", () => {
    const { guides } = align(rect("", 203, 50), [rect("a", 0, 50), rect("b", -400, 50)], 6);
    expect(guides).toEqual([{ axis: "y", at: 74, from: 0, to: 343, gap: { from: 140, to: 203 } }]);
    const over = align(rect("", 100, 50), [rect("a", 0, 50)], 6);
    expect(over.guides[0]?.gap).toBeNull();
  });

  it("makes a connection straight before anything else", () => {
    const { by } = align(rect("", 203, 52), [rect("a", 0, 50)], 6, [4, 40]);
    expect(by.y).toBe(4);
  });
});
