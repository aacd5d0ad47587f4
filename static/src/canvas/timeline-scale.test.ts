import { describe, expect, it } from "vitest";
import { buildScale, clockLength, merge } from "./timeline-scale.ts";

const MINUTE = 60_000;
const whole = { from: 0, to: 15 * MINUTE };
const busy = [
  { from: 0, to: 2000 },
  { from: 15 * MINUTE - 6000, to: 15 * MINUTE },
];

describe("buildScale", () => {
  it("folds a long wait to a fixed width and keeps the rest in order", () => {
    const scale = buildScale(whole, busy, 600, true);
    expect(scale.stretches.map(({ isFolded }) => isFolded)).toEqual([false, true, false]);
    expect(scale.stretches[1]?.width).toBe(150);
    expect(scale.stretches.at(-1)?.left).toBeCloseTo(600 - (scale.stretches.at(-1)?.width ?? 0));
    const places = [0, 1000, 2000, 5 * MINUTE, 15 * MINUTE - 5000, 15 * MINUTE].map(scale.x);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(scale.x(-5)).toBe(0);
    expect(scale.x(99 * MINUTE)).toBeCloseTo(600);
  });

  it("says after a fold how far the run is", () => {
    const labels = buildScale(whole, busy, 600, true).ticks.map(({ label }) => label);
    expect(labels[0]).toBe("0 s");
    expect(labels.some((label) => label.startsWith("14:5"))).toBe(true);
    expect(labels.some((label) => label.startsWith("+"))).toBe(true);
  });

  it("draws real time to scale", () => {
    const scale = buildScale(whole, busy, 600, false);
    expect(scale.stretches).toHaveLength(1);
    expect(scale.x(7.5 * MINUTE)).toBeCloseTo(300);
  });

  it("folds a wait that is still open up to now", () => {
    const scale = buildScale({ from: 0, to: 10 * MINUTE }, [{ from: 0, to: 2000 }], 600, true);
    expect(scale.stretches.map(({ isFolded }) => isFolded)).toEqual([false, true]);
    expect(scale.stretches.at(-1)?.to).toBe(10 * MINUTE);
  });

  it("stands a run that took no time", () => {
    const scale = buildScale({ from: 5, to: 5 }, [{ from: 5, to: 5 }], 600, true);
    expect(Number.isFinite(scale.x(5))).toBe(true);
  });
});

it("merges overlapping spans", () => {
  expect(
    merge([
      { from: 5, to: 9 },
      { from: 0, to: 6 },
      { from: 20, to: 21 },
    ]),
  ).toEqual([
    { from: 0, to: 9 },
    { from: 20, to: 21 },
  ]);
});

it("says lengths as a clock does", () => {
  expect([9_000, 877_000, 7_380_000].map(clockLength)).toEqual(["9 s", "14:37", "2:03:00"]);
});
