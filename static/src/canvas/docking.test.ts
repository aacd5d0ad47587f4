import Elk from "elkjs/lib/elk.bundled.js";
import { describe, expect, it } from "vitest";
import { agentAt, CHIP, dockBelow, hangingAt } from "./docking.ts";
import { familyOf, outsideIn } from "./family.ts";
import { layOutWith } from "./layout.ts";
import { absolute, layOutNested, standNested, withBeyond } from "./nesting.ts";
import type { NodeDocument } from "./types.ts";

const CARD = { width: 160, height: 48 };
const hanging = (tools: number, memories = 0) => [
  ...Array.from({ length: tools }, (_, index) => ({ id: `t${index}`, kind: "TOOL" as const })),
  ...Array.from({ length: memories }, (_, index) => ({ id: `m${index}`, kind: "MEMORY" as const })),
];
const node = (id: string, type: string, more: Partial<NodeDocument> = {}): NodeDocument => ({
  id,
  name: id,
  type,
  subtype: "X",
  ...more,
});

describe("what hangs below an agent", () => {
  it("hangs side by side and row below row, and nothing on anything else", () => {
    for (const [tools, memories] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [9, 3],
    ] as const) {
      const dock = dockBelow(CARD, hanging(tools, memories));
      const boxes = [dock.model, ...Object.values(dock.places), ...dock.open.map(({ at }) => at)];
      for (const [index, a] of boxes.entries()) {
        expect(a.y).toBeGreaterThan(CARD.height);
        expect(a.x).toBeGreaterThanOrEqual(-dock.beyond.left);
        expect(a.x + CHIP.width).toBeLessThanOrEqual(CARD.width + dock.beyond.right);
        expect(a.y + CHIP.height).toBeLessThanOrEqual(CARD.height + dock.beyond.bottom);
        for (const b of boxes.slice(index + 1))
          expect(Math.abs(a.x - b.x) >= CHIP.width || Math.abs(a.y - b.y) >= CHIP.height).toBe(true);
      }
      expect(dock.open.map(({ kind }) => kind)).toEqual(tools ? [] : ["TOOL", "MEMORY"]);
      expect(Object.keys(dock.places)).toHaveLength(tools + memories);
    }
  });

  it("grows downwards, however many tools there are", () => {
    const [few, many] = [dockBelow(CARD, hanging(2)), dockBelow(CARD, hanging(40))];
    expect(many.beyond.left).toBe(few.beyond.left);
    expect(many.beyond.bottom).toBeGreaterThan(few.beyond.bottom);
  });

  it("draws no line through another", () => {
    const level = (kind: string) =>
      dockBelow(CARD, hanging(2, 1))
        .lines.filter((line) => line.kind === kind)
        .flatMap(({ points }) => points.slice(1, -1).map(({ y }) => y));
    expect(level("TOOL").some((y) => level("MODEL").includes(y))).toBe(false);
  });

  it("is found where one points", () => {
    const dock = dockBelow(CARD, hanging(2));
    const cards = { agent: { ...CARD, dock }, step: CARD };
    const places = { agent: { x: 1000, y: 500 }, step: { x: 0, y: 0 } };
    const chip = dock.places.t1 ?? { x: 0, y: 0 };
    expect(hangingAt(dock, { x: chip.x + 5, y: chip.y + 5 })).toBe("t1");
    expect(hangingAt(dock, { x: 10, y: 10 })).toBeNull();
    expect(agentAt({ x: 1010, y: 510 }, cards, places)).toBe("agent");
    expect(agentAt({ x: 1000 + chip.x, y: 500 + chip.y }, cards, places)).toBe("agent");
    // Beside the card, above what hangs there.
    expect(agentAt({ x: 1000 - 40, y: 510 }, cards, places)).toBeNull();
    expect(agentAt({ x: 5, y: 5 }, cards, places)).toBeNull();
  });
});

const documents = [
  node("loop", "FLOW"),
  node("agent", "AI_AGENT", { attached: ["t0", "m0", "step", "gone"], parent: "loop" }),
  node("second", "AI_AGENT", { attached: ["t0"], parent: "loop" }),
  node("t0", "TOOL", { parent: "loop" }),
  node("m0", "MEMORY"),
  node("loose", "TOOL"),
  node("step", "ACTION"),
];
const family = familyOf(documents, () => undefined);
const beyond = dockBelow(CARD, hanging(1, 1)).beyond;
const nested = (positions: Record<string, { x: number; y: number }> = {}) =>
  documents
    .filter(({ id }) => !family.agentOf.has(id))
    .map(({ id, type }) => ({
      id,
      ...CARD,
      ports: ["main"],
      position: positions[id] ?? null,
      ...(type === "AI_AGENT" ? { beyond } : {}),
      ...(id === "loop" ? { container: { minWidth: 200, foot: 0, isClosed: false } } : {}),
    }));

describe("an agent among other nodes", () => {
  it("has what hangs on it with it and nobody else", () => {
    expect([...family.agentOf]).toEqual([
      ["t0", "agent"],
      ["m0", "agent"],
    ]);
    expect(family.childrenOf.get("loop")).toEqual(["agent", "second"]);
    expect(family.parentOf.has("t0")).toBe(false);
    expect(outsideIn(family)).toEqual(["loop", "agent", "t0", "m0", "second", "loose", "step"]);
    const places = absolute(
      { agent: { x: 100, y: 100 }, t0: { x: 5, y: 90 }, loop: { x: 10, y: 0 } },
      family,
    );
    expect(places.t0).toEqual({ x: 115, y: 190 });
  });

  it("is given room for what hangs on it", async () => {
    layOutWith(new Elk());
    const edges = [{ from: "agent", port: "main", to: "second" }];
    const found = await layOutNested(nested(), edges, family, true);
    const box = (id: string) => {
      const at = found.places[id] ?? { x: 0, y: 0 };
      const whole = withBeyond({ id, ...CARD, ports: [], beyond });
      return {
        left: at.x - beyond.left,
        right: at.x - beyond.left + whole.width,
        bottom: at.y + whole.height,
      };
    };
    expect(box("agent").right).toBeLessThan(box("second").left);
    expect(box("agent").left).toBeGreaterThan(0);
    const around = found.sizes.loop ?? { width: 0, height: 0 };
    expect(box("second").right).toBeLessThan(around.width);
    expect(box("second").bottom).toBeLessThan(around.height);
    const stood = standNested(nested({ ...found.places, agent: { x: 0, y: 0 } }), edges, family);
    expect((stood?.places.agent?.x ?? 0) - beyond.left).toBeGreaterThan(0);
  });
});
