import { describe, expect, it } from "vitest";
import type { Knowledge } from "./chains.ts";
import { complete } from "./completing.ts";
import type { FunctionEntry, Language } from "./language.ts";

const fn = (name: string, takes: string[], signature: string, result: unknown, globals: string[] = []) =>
  ({
    name,
    group: takes[0] ?? "",
    signature,
    doc: `Does ${name}.`,
    example: "",
    result,
    takes,
    methods: takes.length ? [name] : [],
    globals,
  }) as FunctionEntry;

const LANGUAGE: Language = {
  roots: ["$json", "$node", "$trigger", "$vars", "$item"].map((name) => ({ name, doc: `About ${name}.` })),
  functions: [
    fn("upper", ["text"], "upper(text: text) -> text", "ADA"),
    fn("round", ["number"], "round(number: number, digits?: number) -> number", 1),
    fn("filter", ["list"], "filter(list: list, test: item => boolean) -> list", []),
    fn("map", ["list"], "map(list: list, change: item => any) -> list", []),
    fn("sum", ["list"], "sum(list: list) -> number", 6),
    fn("format", ["date"], "format(date: date, pattern: text) -> text", "May"),
    fn("keys", ["object"], "keys(object: object) -> list", ["a"]),
    fn("ifEmpty", ["any"], "ifEmpty(value: any, otherwise: any) -> any", "none"),
    fn("range", [], "range(from: number, to: number) -> list", [1, 2], ["range"]),
  ],
};
const ORDER = {
  order: { number: "A-1", placed_at: "2026-11-20T08:12:03Z", items: [{ sku: "K1", price: 4 }] },
  total: 1284.5,
  total_tax: 256.9,
  currency: "EUR",
  "odd key": 1,
  $strange: 2,
};
const KNOWN: Knowledge = {
  roots: {
    $json: { value: ORDER, by: "Total", isExample: false },
    $input: { value: { main: ORDER }, by: "Total", isExample: false },
    $trigger: { value: { body: { total: 1284.5, id: 7 } }, by: "Order received", isExample: true },
    $vars: { value: { limit: 5 }, by: "", isExample: false },
  },
  nodes: {
    Total: { value: ORDER, by: "Total", isExample: false },
    'Say "hi"': { value: null, by: 'Say "hi"', isExample: false },
  },
};

/** The options at the place of `|`. */
function at(marked: string, isAsked = false) {
  const cursor = marked.indexOf("|");
  const text = marked.replace("|", "");
  const found = complete(text, cursor, KNOWN, LANGUAGE, isAsked);
  return {
    labels: found?.options.map(({ label }) => label) ?? null,
    options: found?.options ?? [],
    /** The text once the named option was taken, with the cursor in it. */
    take: (label: string): string => {
      const option = found?.options.find((each) => each.label === label);
      if (!found || !option) throw new Error(`no ${label} among ${found?.options.map((each) => each.label)}`);
      const cursor = option.cursor ?? option.insert.length;
      return `${text.slice(0, found.from)}${option.insert.slice(0, cursor)}|${option.insert.slice(cursor)}${text.slice(found.to)}`;
    },
  };
}

describe("paths", () => {
  it("offers what fits what was typed, and the same elsewhere", () => {
    const found = at("Due {{ $json.tot| }}");
    expect(found.labels?.slice(0, 3)).toEqual(["$json.total", "$json.total_tax", "$trigger.body.total"]);
    expect(found.options[0]).toMatchObject({
      kind: "number",
      value: "1284.5",
      by: "Total",
      matches: [[6, 9]],
    });
    expect(found.options[2]).toMatchObject({ by: "Order received", isExample: true });
    expect(found.take("$json.total_tax")).toBe("Due {{ $json.total_tax| }}");
    expect(found.take("$trigger.body.total")).toBe("Due {{ $trigger.body.total| }}");
  });

  it("lists every key after a dot, then functions for the type", () => {
    const found = at("{{ $json.| }}");
    expect(found.labels).toEqual([
      "$json.order",
      "$json.total",
      "$json.total_tax",
      "$json.currency",
      '$json["odd key"]',
      '$json["$strange"]',
      "$json.keys()",
      "$json.ifEmpty()",
    ]);
    expect(found.take('$json["odd key"]')).toBe('{{ $json["odd key"]| }}');
  });

  it("replaces the whole word when the cursor stands in it", () => {
    expect(at("{{ $json.cu|rr + 1 }}").take("$json.currency")).toBe("{{ $json.currency| + 1 }}");
  });

  it("offers functions by the type of what stands before the dot", () => {
    expect(at("{{ $json.currency.| }}").labels).toEqual([
      "$json.currency.upper()",
      "$json.currency.ifEmpty()",
    ]);
    expect(at("{{ $json.order.placed_at.fo| }}").labels).toContain("$json.order.placed_at.format()");
    expect(at("{{ $json.total.ro| }}").take("$json.total.round()")).toBe("{{ $json.total.round(|) }}");
    expect(at("{{ $json.currency.up| }}").take("$json.currency.upper()")).toBe(
      "{{ $json.currency.upper()| }}",
    );
    expect(at("{{ 'a'.| }}").labels).toEqual(["upper()", "ifEmpty()"]);
    expect(at("{{ (1284).ro| }}").labels).toEqual(["round()"]);
  });

  it("follows lists, functions and arrow functions", () => {
    expect(at("{{ $json.order.items[0].| }}").labels).toContain("$json.order.items[0].sku");
    expect(at("{{ $json.order.items.map(i => i.| }}").labels?.slice(0, 2)).toEqual(["sku", "price"]);
    expect(at("{{ $json.order.items.filter(i => i.price > 3).map((each, at) => each.pr|) }}").labels).toEqual(
      ["price"],
    );
    expect(at("{{ $json.order.items.map(i => i.price).| }}").labels).toEqual([
      "filter()",
      "map()",
      "sum()",
      "ifEmpty()",
    ]);
    expect(at("{{ $json.order.items.map(i => i.sku).first().up| }}").labels).not.toEqual(null);
    expect(at("{{ $json.order.items.map(it|em => item) }}").labels).not.toEqual(null);
  });

  it("knows the names of arrow functions only inside of them", () => {
    expect(at("{{ $json.order.items.map(line => li| }}").labels).toContain("line");
    expect(at("{{ $json.order.items.map(line => line.price).sum() + li| }}").labels).not.toContain("line");
  });
});

describe("brackets", () => {
  it("offers the names of nodes, and closes what it opens", () => {
    expect(at("{{ $node[|] }}").labels).toEqual(["Total", 'Say "hi"']);
    expect(at('{{ $node["To|"] }}').take("Total")).toBe('{{ $node["Total"]| }}');
    expect(at('{{ $node["| }}').take('Say "hi"')).toBe('{{ $node["Say \\"hi\\""]|');
    expect(at('{{ $node["Total"].tot| }}').labels?.slice(0, 2)).toEqual([
      '$node["Total"].total',
      '$node["Total"].total_tax',
    ]);
  });

  it("offers keys that are no names", () => {
    expect(at("{{ $json['odd|'] }}").take("odd key")).toBe('{{ $json["odd key"]| }}');
  });
});

describe("beginnings", () => {
  it("shows the input first, then the roots", () => {
    const { labels } = at("{{ | }}");
    expect(labels?.[0]).toBe("$json.order");
    expect(labels).toEqual(expect.arrayContaining(["$json", '$node["…"]', "$trigger", "$vars", "range()"]));
    expect(labels).not.toContain("$item"); // there is no round to have one
  });

  it("puts the cursor between the quotes of a node's name", () => {
    expect(at("{{ $no| }}").take('$node["…"]')).toBe('{{ $node["|"] }}');
  });

  it("finds a field by its name alone, and functions that stand alone", () => {
    expect(at("{{ tot| }}").labels?.slice(0, 2)).toEqual(["$json.total", "$trigger.body.total"]);
    expect(at("{{ ran| }}").take("range()")).toBe("{{ range(|) }}");
    expect(at("{{ $vars.| }}").labels?.[0]).toBe("$vars.limit");
    expect(at("{{ [1, $js|] }}").labels).toContain("$json");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression's own text in back-quotes.
    expect(at("{{ `a ${$json.cur|} b` }}").labels?.[0]).toBe("$json.currency");
  });
});

describe("where nothing is offered", () => {
  it.each([
    "Due $json.|",
    "{{ 'a $json.|' }}",
    "{{ 12| }}",
    "{{ 1 + | }}",
    "{{ $json.total }} |",
    "{{ /a.|/ }}",
  ])("%s", (marked) => {
    expect(at(marked).labels).toBe(null);
  });

  it("shows everything after an operator when asked", () => {
    expect(at("{{ 1 + | }}", true).labels).toContain("$json.total");
  });
});
