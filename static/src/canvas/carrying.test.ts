import { describe, expect, it } from "vitest";
import { mapped, says, sentence } from "./carrying.ts";
import { edgeState } from "./states.ts";
import type { ConnectionDocument, NodeRun } from "./types.ts";

const link = (rest: Partial<ConnectionDocument> = {}): ConnectionDocument => ({
  from: "a",
  port: "main",
  to: "b",
  ...rest,
});

describe("what a connection says", () => {
  it("says nothing when it passes on", () => {
    expect(says(link())).toBe(false);
    expect(says(link({ mapping: { mode: "direct" } }))).toBe(false);
    expect(mapped(link({ mapping: null }))).toBeNull();
  });

  it("says its condition and what it makes", () => {
    const fields = [
      { from: "body.id", to: "id", required: true },
      { to: "all", transform: "{{ $json }}", default: { n: 1 } },
    ];
    const one = link({ condition: "{{ $json.n > 1 }}", mapping: { mode: "fields", fields } });
    expect(sentence(one)).toBe("Only if {{ $json.n > 1 }}. Makes 2 fields");
    expect(mapped(one)?.rows).toEqual([
      { to: "id", from: "body.id", notes: ["required"] },
      { to: "all", from: "all of it", notes: ["{{ $json }}", 'else {"n":1}'] },
    ]);
    expect(sentence(link({ mapping: { mode: "expression", expression: "{{ 1 }}" } }))).toBe(
      "Makes an expression",
    );
    expect(mapped(link({ mapping: { mode: "template", template: [1] } }))?.value).toEqual([1]);
  });

  it("is off where its condition did not hold", () => {
    const run = { node_id: "a", path: "", state: "COMPLETED", attempt: 1, port: "main" } as NodeRun;
    expect(edgeState({ ...run, unmet: ["{{ x }}"] }, "main", undefined, "{{ x }}")).toBe("off");
    expect(edgeState({ ...run, unmet: ["{{ x }}"] }, "main", undefined, "{{ y }}")).toBe("taken");
    expect(edgeState({ ...run, unmet: ["{{ x }}"] }, "main", undefined)).toBe("taken");
  });
});
