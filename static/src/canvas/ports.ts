import type { ConnectionDocument, Definition, NodeDocument, NodeTypeEntry } from "./types.ts";

const said = new WeakMap<ConnectionDocument, ConnectionDocument>();

/** The definition with every connection's port said: who leaves it out means `main`, as the server reads it. */
export function withPorts(definition: Definition): Definition {
  const connections = definition.connections.map((one) => {
    if (one.port) return one;
    // The same object each time, so that whoever compares sees that nothing changed.
    const known = said.get(one) ?? { ...one, port: "main" };
    said.set(one, known);
    return known;
  });
  return { ...definition, connections };
}

const used = new WeakMap<readonly ConnectionDocument[], ReadonlyMap<string, ReadonlySet<string>>>();

/** The ports that connections leave from, by node. */
export function usedPorts(
  connections: readonly ConnectionDocument[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const known = used.get(connections);
  if (known) return known;
  const found = new Map<string, Set<string>>();
  for (const { from, port } of connections) {
    const ports = found.get(from);
    if (ports) ports.add(port || "main");
    else found.set(from, new Set([port || "main"]));
  }
  used.set(connections, found);
  return found;
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
  for (const port of usedPorts(connections).get(node.id) ?? []) if (!ports.includes(port)) ports.push(port);
  return ports;
}
