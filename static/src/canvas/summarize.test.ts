import { describe, expect, it } from "vitest";
import { portsOf } from "./ports.ts";
import { plain, summarize } from "./summarize.ts";
import type { Json, NodeTypeEntry } from "./types.ts";

const entry = (summary_template: string, properties: Record<string, Json> = {}): NodeTypeEntry => ({
  type: "ACTION",
  subtype: "HTTP_REQUEST",
  name: "HTTP request",
  summary: "",
  icon: "globe",
  ports: ["main"],
  summary_template,
  params_schema: { properties },
});
const node = (params: Record<string, Json>) => ({
  id: "n",
  name: "Stock",
  type: "ACTION",
  subtype: "HTTP_REQUEST",
  params,
});

describe("summarize", () => {
  it.each<[string, Record<string, Json>, string]>([
    ["{method} {url}", { method: "GET", url: "https://stock.example/stock?x=1" }, "GET /stock"],
    ["{method} {url}", { method: "GET", url: "https://stock.example" }, "GET stock.example"],
    ["{url.host}", { url: "https://stock.example/a" }, "stock.example"],
    ["{condition}", { condition: '{{ $node["Total"].total > 1000 }}' }, "total > 1000"],
    ["{condition}", { condition: "{{ $json.body.total > 1000 }}" }, "total > 1000"],
    ["{title}", { title: "Ship {{ $json.id }} now?" }, "Ship … now?"],
    ["{seconds}", { seconds: 7200 }, "2 h"],
    ["{duration}{until}", { duration: { minutes: 90 }, until: null }, "1 h 30 min"],
    ["Wait for {mode}", { mode: "all" }, "Wait for all"],
    [
      "{fields}",
      {
        fields: [
          { name: "total", value: "1" },
          { name: "order", value: "2" },
        ],
      },
      "total, order",
    ],
    ["{a.b}", { a: { b: 3 } }, "3"],
    ["On demand", {}, "On demand"],
  ])("fills %s from %o", (template, params, line) => {
    expect(summarize(node(params), entry(template))).toBe(line);
  });

  it("says the type's name when the template names nothing that is set", () => {
    expect(summarize(node({}), entry("Every {cron}"))).toBe("HTTP request");
    expect(summarize(node({}), undefined)).toBe("HTTP_REQUEST");
  });

  it("knows the defaults of the type's schema", () => {
    expect(
      summarize(
        node({ url: "https://a.example/b" }),
        entry("{method} {url}", { method: { default: "GET" } }),
      ),
    ).toBe("GET /b");
  });

  it("stays on one line", () => {
    expect(plain("a\n  b {{ $json.x }}")).toBe("a b …");
  });
});

describe("portsOf", () => {
  const from = (port: string) => ({ from: "n", port, to: "m" });
  it("takes the type's ports and never loses a connection's", () => {
    expect(portsOf(node({}), entry(""), [])).toEqual(["main"]);
    expect(portsOf(node({}), undefined, [from("big"), from("small"), from("big")])).toEqual([
      "main",
      "big",
      "small",
    ]);
    expect(portsOf({ ...node({}), on_error: "route" }, entry(""), [])).toEqual(["main", "error"]);
    expect(portsOf(node({}), entry(""), [from("b")], ["a", "b"])).toEqual(["a", "b"]);
  });
});
