import type { ConnectionDocument, Definition, NodeDocument, NodeTypeEntry } from "./types.ts";

/** The definition with every connection's port said: who leaves it out means `main`, as the server reads it. */
export function withPorts(definition: Definition): Definition {
  const connections = definition.connections.map((one) => ({ ...one, port: one.port || "main" }));
  return { ...definition, connections };
}

/**
 * The outcomes of a node in the order they are drawn: what the server says, else its type's, plus any port a
 * connection leaves from (so that no connection is ever without its port).
 */
export function portsOf(
  node: NodeDocument,
  entry: NodeTypeEntry | undefined,
  connections: readonly ConnectionDocument[],
  given?: readonly string[],
): string[] {
  const ports = [...(given ?? entry?.ports ?? ["main"])];
  if (!given && node.on_error === "route" && !ports.includes("error")) ports.push("error");
  for (const { from, port } of connections) if (from === node.id && !ports.includes(port)) ports.push(port);
  return ports;
}
