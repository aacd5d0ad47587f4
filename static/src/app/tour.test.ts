import { expect, it } from "vitest";
import { placeBeside } from "./tour.ts";

const view = { width: 1000, height: 800 };
const card = { width: 300, height: 160 };

it("stands beside what it points at, where there is room", () => {
  expect(placeBeside({ left: 0, top: 50, width: 190, height: 700 }, card, view)).toEqual({
    left: 202,
    top: 320,
  });
  expect(placeBeside({ left: 900, top: 10, width: 80, height: 30 }, card, view)).toEqual({
    left: 588,
    top: 12,
  });
  expect(placeBeside({ left: 100, top: 100, width: 800, height: 30 }, card, view)).toEqual({
    left: 350,
    top: 142,
  });
  expect(placeBeside({ left: 100, top: 600, width: 800, height: 190 }, card, view)).toEqual({
    left: 350,
    top: 428,
  });
});

it("stands in the middle of what fills the window, and where it points at nothing", () => {
  const middle = { left: 350, top: 320 };
  expect(placeBeside({ left: 0, top: 0, width: 1000, height: 800 }, card, view)).toEqual(middle);
  expect(placeBeside(null, card, view)).toEqual(middle);
});
