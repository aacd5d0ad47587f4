import { describe, expect, it } from "vitest";
import {
  type Answer,
  counted,
  type Item,
  itemsOf,
  RECENT,
  remembered,
  runQuery,
  sections,
} from "./palette-items.ts";

const page = (title: string, more: Partial<Item> = {}): Item => ({
  group: "Go to",
  title,
  icon: "house",
  url: `/${title}/`,
  ...more,
});
const answer: Answer = {
  workflows: [
    { id: "1", name: "Order approval", status: "active", url: "/w/1/", run_url: "/w/1/run/" },
    { id: "2", name: "Orders", status: "draft", url: "/w/2/", run_url: null },
  ],
  executions: [
    { id: "0199-abcdef", short_id: "abcdef", workflow_name: "Order approval", status: "ERROR", url: "/e/1/" },
  ],
  members: [{ name: "Alice", email: "alice@example.com", role: "owner", url: "/m/" }],
};

describe("itemsOf", () => {
  it("says statuses in words and offers to run only what may be run", () => {
    const items = itemsOf(answer, "ord");
    expect(items.map(({ title, detail }) => [title, detail])).toContainEqual([
      "Order approval abcdef",
      "Failed",
    ]);
    expect(items.filter(({ icon }) => icon === "play").map(({ title }) => title)).toEqual([
      "Run Order approval",
    ]);
    expect(itemsOf(answer, "").some(({ icon }) => icon === "play")).toBe(false);
  });

  it("knows what is to be run", () => {
    expect(runQuery("run ord")).toBe("ord");
    expect(runQuery("RUN  ord")).toBe("ord");
    expect(runQuery("running")).toBeUndefined();
  });
});

describe("sections", () => {
  const items = [
    page("Home"),
    page("Members"),
    page("Limits", { isAlways: false }),
    ...itemsOf(answer, "ord"),
  ];

  it("puts what was chosen last in front, and does not show it twice", () => {
    const found = sections(items, "", [page("Members")]);
    expect(found[0]).toEqual({ title: RECENT, items: [page("Members")] });
    expect(found[1]?.items.map(({ title }) => title)).toEqual(["Home"]);
  });

  it("shows only what fits, the best section first", () => {
    const found = sections(items, "alice", []);
    expect(found.map(({ title }) => title)).toEqual(["People"]);
    expect(sections(items, "limits", [])[0]?.items[0]?.title).toBe("Limits");
    expect(sections(items, "orders", [])[0]?.items[0]?.title).toBe("Orders");
    expect(sections(items, "zzz", [])).toEqual([]);
  });

  it("finds an execution by its id", () => {
    expect(sections(items, "abcdef", [])[0]?.items[0]?.url).toBe("/e/1/");
    expect(sections(items, "0199-ab", [])[0]?.items[0]?.url).toBe("/e/1/");
  });

  it("prefers what was chosen before among equals", () => {
    const twins = [page("Plan A"), page("Plan B")];
    expect(sections(twins, "plan", [page("Plan B")])[0]?.items[0]?.title).toBe("Plan B");
  });
});

describe("remembered", () => {
  it("keeps each once, the newest first, and no action", () => {
    const once = remembered(remembered([], page("A")), page("B"));
    expect(remembered(once, page("A")).map(({ title }) => title)).toEqual(["A", "B"]);
    expect(remembered(once, { group: "Actions", title: "Dark", icon: "moon", click: "#x" })).toEqual(once);
  });
});

describe("counted", () => {
  it("says how many there are", () => {
    expect(counted([])).toBe("Nothing found");
    expect(counted([{ title: "A", items: [page("A")] }])).toBe("1 result");
    expect(counted([{ title: "A", items: [page("A"), page("B")] }])).toBe("2 results");
  });
});
