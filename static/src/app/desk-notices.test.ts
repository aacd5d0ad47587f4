import { describe, expect, it } from "vitest";
import { shownOutside } from "./desk-notices.ts";

const asked = { text: "Ship order A-1?", url: "/w/acme/notifications/1/" };

describe("notices of the browser", () => {
  it("shows what has come while nobody looks, once", () => {
    const seen = new Set<string>();
    expect(shownOutside([asked], seen, false, true)).toEqual([asked]);
    expect(shownOutside([asked], seen, false, true)).toEqual([]);
  });

  it("shows nothing to somebody who sees the page, or has not switched it on", () => {
    expect(shownOutside([asked], new Set(), true, true)).toEqual([]);
    expect(shownOutside([asked], new Set(), false, false)).toEqual([]);
  });

  it("does not catch up on what was on the page already", () => {
    const seen = new Set<string>();
    shownOutside([asked], seen, true, true);
    expect(shownOutside([asked], seen, false, true)).toEqual([]);
  });
});
