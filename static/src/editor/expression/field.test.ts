import { describe, expect, it } from "vitest";
import { closingBrace, difference, fixedOf, secondBrace, textOf, withHole, withPath } from "./field.ts";
import { holeAt, holesOf } from "./tokens.ts";

const marked = ({ text, at }: { text: string; at: number }): string =>
  `${text.slice(0, at)}|${text.slice(at)}`;

describe("tokens", () => {
  it("finds every expression with its end, and what is open to the end of the text", () => {
    const text = `a {{ {x: {y: 1}}.x }} b {{ "}}" }}{{ $json.`;
    expect(holesOf(text).map(({ start, end, isClosed }) => [text.slice(start, end), isClosed])).toEqual([
      ["{{ {x: {y: 1}}.x }}", true],
      ['{{ "}}" }}', true],
      ["{{ $json.", false],
    ]);
  });

  it("reads texts in back-quotes, patterns and odd signs", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression's own text in back-quotes.
    const [hole] = holesOf('{{ `a ${ {b: 1}.b } }} c` + $json.a.replace(/}}"/g, "") ?? ä # }}');
    expect(hole?.isClosed).toBe(true);
    expect(hole?.tokens.map(({ kind }) => kind)).toContain("regex");
    expect(hole?.tokens.at(-1)).toMatchObject({ kind: "unknown", text: "#" });
  });

  it("knows what is inside", () => {
    const holes = holesOf("a{{ b }}c");
    expect([0, 1, 2, 3, 5, 6, 7, 9].map((at) => holeAt(holes, at) !== undefined)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("dropping a path", () => {
  it("makes an expression of a fixed text", () => {
    expect(marked(withPath("Order ", 6, 6, "$json.id"))).toBe("Order {{ $json.id }}|");
    expect(marked(withPath("", 0, 0, "$json.id"))).toBe("{{ $json.id }}|");
    expect(marked(withPath("Ship it", 5, 5, "$json.id"))).toBe("Ship {{ $json.id }}|it");
  });

  it("puts it into an expression as it is", () => {
    expect(marked(withPath("{{  }}", 3, 3, "$json.id"))).toBe("{{ $json.id| }}");
    expect(marked(withPath("{{ 1 +  }}", 7, 7, "$json.id"))).toBe("{{ 1 + $json.id| }}");
    expect(marked(withPath("{{ round() }}", 9, 9, "$json.id"))).toBe("{{ round($json.id|) }}");
    expect(marked(withPath("{{ }}", 2, 2, "$json.id"))).toBe("{{ $json.id| }}");
  });
});

describe("braces", () => {
  it("two of them become an expression", () => {
    expect(marked(secondBrace("a {", 3) ?? { text: "", at: 0 })).toBe("a {{ | }}");
    expect(marked(secondBrace("{}", 1) ?? { text: "", at: 0 })).toBe("{{ | }}");
  });

  it("elsewhere they are braces", () => {
    expect(secondBrace("a ", 2)).toBe(null);
    expect(secondBrace("{{ { }}", 4)).toBe(null);
    expect(secondBrace("{ }}", 1)).toBe(null);
  });
});

describe("closing braces", () => {
  const typed = (text: string, at: number): string | null => {
    const placed = closingBrace(text, at);
    return placed && marked(placed);
  };

  it("go past those that are there", () => {
    expect(typed("{{ a }}!", 4)).toBe("{{ a }|}!");
    expect(typed("{{ a }}!", 6)).toBe("{{ a }}|!");
    expect(typed("{{ a  }}", 5)).toBe("{{ a }|}");
    expect(typed("{{ {b: 1} }}", 9)).toBe("{{ {b: 1} }|}");
  });

  it("elsewhere are written", () => {
    expect(typed("{{ a b }}", 4)).toBe(null);
    expect(typed("{{ {b: 1 }}", 8)).toBe(null);
    expect(typed("a }}", 2)).toBe(null);
  });
});

describe("switching", () => {
  it("keeps what the expression came to, or what stands around it", () => {
    expect(fixedOf("{{ $json.a }}", 5)).toBe(5);
    expect(fixedOf("Order {{ $json.a }}!", "Order 7!")).toBe("Order 7!");
    expect(fixedOf("Order {{ $json.a }}", undefined)).toBe("Order");
    expect(fixedOf("{{ x }}", "{{ never again }}")).toBe("");
  });

  it("shows other values as expressions", () => {
    expect(textOf(5)).toBe("{{ 5 }}");
    expect(textOf(null)).toBe("");
    expect(marked(withHole("a", 1, 1))).toBe("a{{ | }}");
  });
});

describe("difference", () => {
  it.each([
    ["abc", "abXc"],
    ["aaa", "aa"],
    ["", "x"],
    ["same", "same"],
  ])("%s → %s", (before, after) => {
    const { from, to, insert } = difference(before, after);
    expect(before.slice(0, from) + insert + before.slice(to)).toBe(after);
  });
});
