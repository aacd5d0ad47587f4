import { expect, it } from "vitest";
import { portsOf, withPorts } from "./ports.ts";
import type { Definition } from "./types.ts";

it("lets a connection without a port leave by main, and draws no nameless second port", () => {
  const bare = {
    nodes: [{ id: "hook", name: "Hook", type: "TRIGGER", subtype: "WEBHOOK" }],
    connections: [],
  };
  const connections = [{ from: "hook", to: "ask" }] as unknown as Definition["connections"];
  const definition = withPorts({ ...bare, connections } as Definition);
  expect(definition.connections).toEqual([{ from: "hook", to: "ask", port: "main" }]);
  const [hook] = definition.nodes;
  expect(hook && portsOf(hook, undefined, definition.connections)).toEqual(["main"]);
});
