import { describe, expect, it } from "vitest";
import { follow, PATIENCE_MS } from "./sequences.ts";

const known = ["g h", "g w", "n", "?", "/", "w"];

describe("follow", () => {
  it("answers a single key at once", () => {
    expect(follow(undefined, "n", 0, known)).toEqual({ keys: "n" });
    expect(follow(undefined, "?", 0, known)).toEqual({ keys: "?" });
    expect(follow(undefined, "N", 0, known)).toEqual({ keys: "n" });
  });

  it("waits for the second key of a sequence", () => {
    const first = follow(undefined, "g", 100, known);
    expect(first).toEqual({ pending: { key: "g", at: 100 } });
    expect(follow(first.pending, "w", 300, known)).toEqual({ keys: "g w" });
  });

  it("forgets the first key after a while", () => {
    const first = follow(undefined, "g", 0, known);
    expect(follow(first.pending, "h", PATIENCE_MS + 1, known)).toEqual({});
    expect(follow(first.pending, "w", PATIENCE_MS + 1, known)).toEqual({ keys: "w" });
  });

  it("begins anew when a sequence leads nowhere", () => {
    expect(follow({ key: "g", at: 0 }, "g", 10, known)).toEqual({ pending: { key: "g", at: 10 } });
    expect(follow({ key: "g", at: 0 }, "x", 10, known)).toEqual({});
    expect(follow({ key: "g", at: 0 }, "n", 10, known)).toEqual({ keys: "n" });
  });

  it("takes no notice of keys without a letter", () => {
    expect(follow(undefined, "Shift", 0, known)).toEqual({});
  });
});
