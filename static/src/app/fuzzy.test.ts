import { describe, expect, it } from "vitest";
import { closeness } from "./fuzzy.ts";

const best = (query: string, texts: string[]): string | undefined =>
  texts
    .map((text) => ({ text, score: closeness(query, text) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)[0]?.text;

describe("closeness", () => {
  it("finds letters in their order, and nothing else", () => {
    expect(closeness("ordap", "Order approval")).toBeGreaterThan(0);
    expect(closeness("apord", "Order approval")).toBe(0);
    expect(closeness("orders", "Order")).toBe(0);
    expect(closeness("", "anything")).toBe(1);
    expect(closeness("ORDER", "order")).toBeGreaterThan(0);
    expect(closeness("  order   approval ", "Order approval")).toBeGreaterThan(0);
  });

  it("prefers beginnings, then words, then initials, then pieces, then scattered letters", () => {
    expect(best("inv", ["Reinvent", "Send invoice", "Invoices"])).toBe("Invoices");
    expect(best("inv", ["Reinvent", "Send invoice"])).toBe("Send invoice");
    expect(best("inv", ["Important navy vest", "Reinvent"])).toBe("Important navy vest");
    expect(best("inv", ["Reinvent", "Fixing leave"])).toBe("Reinvent");
  });

  it("takes initials for what they are", () => {
    expect(best("oa", ["Load data", "Order approval"])).toBe("Order approval");
    expect(best("csp", ["Cosmopolitan", "Compare supplier prices"])).toBe("Compare supplier prices");
  });

  it("prefers the shorter of two that fit as well", () => {
    expect(best("limits", ["Limits of everything there is", "Limits"])).toBe("Limits");
  });

  it("does not fear signs that mean something elsewhere", () => {
    expect(closeness("a.*(b", "a.*(b)")).toBeGreaterThan(0);
    expect(closeness("[", "none")).toBe(0);
  });
});
