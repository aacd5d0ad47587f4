/**
 * Changes of a definition. Each gives a new one and leaves what it does not touch the same object, so that whoever
 * draws or compares sees by identity what changed.
 */

import type { Annotation, ConnectionDocument, Definition, Json, NodeDocument } from "../../canvas/types.ts";

export interface Point {
  x: number;
  y: number;
}

/** The places of a connection that make it this one and no other. */
export type ConnectionKey = string;

export const keyOf = ({ from, port, to, input }: ConnectionDocument): ConnectionKey =>
  `${from} ${port || "main"} ${to} ${input || "main"}`;

export const nodeOf = (definition: Definition, id: string): NodeDocument | undefined =>
  definition.nodes.find((node) => node.id === id);

/** The node and everything inside it, however deep, with what hangs on nothing else. */
export function withInside(definition: Definition, ids: Iterable<string>): Set<string> {
  const found = new Set(ids);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const node of definition.nodes) if (node.parent && found.has(node.parent)) found.add(node.id);
  }
  const hanging = definition.nodes.flatMap(({ id, attached }) => (found.has(id) ? (attached ?? []) : []));
  const held = new Set(
    definition.nodes.flatMap(({ id, attached }) => (found.has(id) ? [] : (attached ?? []))),
  );
  for (const id of hanging) if (!held.has(id)) found.add(id);
  return found;
}

export const addNodes = (definition: Definition, nodes: readonly NodeDocument[]): Definition =>
  nodes.length === 0 ? definition : { ...definition, nodes: [...definition.nodes, ...nodes] };

/** Without these nodes, what is inside them, their connections, and agents' ties to them. */
export function removeNodes(definition: Definition, ids: Iterable<string>): Definition {
  const gone = withInside(definition, ids);
  if (gone.size === 0) return definition;
  const nodes = definition.nodes.flatMap((node) => {
    if (gone.has(node.id)) return [];
    if (!node.attached?.some((id) => gone.has(id))) return [node];
    return [{ ...node, attached: node.attached.filter((id) => !gone.has(id)) }];
  });
  const connections = definition.connections.filter(({ from, to }) => !gone.has(from) && !gone.has(to));
  return { ...definition, nodes, connections };
}

/**
 * Hangs a tool or memory on an agent, before another one that hangs there or last. It is taken from wherever it hung,
 * stood or was led to.
 */
export function attach(
  definition: Definition,
  agent: string,
  id: string,
  before?: string | null,
): Definition {
  const nodes = definition.nodes.map((node): NodeDocument => {
    if (node.id === id) {
      const { parent: _parent, position: _position, ...rest } = node;
      return rest;
    }
    if (node.id !== agent && !node.attached?.includes(id)) return node;
    const others = (node.attached ?? []).filter((one) => one !== id);
    if (node.id !== agent) return { ...node, attached: others };
    const at = before ? others.indexOf(before) : -1;
    return { ...node, attached: at < 0 ? [...others, id] : others.toSpliced(at, 0, id) };
  });
  const connections = definition.connections.filter(({ from, to }) => from !== id && to !== id);
  return { ...definition, nodes, connections };
}

/** Takes a tool or memory from the agents it hangs on, to a place of its own. */
export function detach(
  definition: Definition,
  id: string,
  { position, parent }: Pick<NodeDocument, "position" | "parent">,
): Definition {
  const nodes = definition.nodes.map((node): NodeDocument => {
    if (node.id === id) return defined({ ...node, position, parent: parent ?? undefined });
    if (!node.attached?.includes(id)) return node;
    return { ...node, attached: node.attached.filter((one) => one !== id) };
  });
  return { ...definition, nodes };
}

/** One node changed by `change`; a member that becomes undefined is left out. */
export function setNode(definition: Definition, id: string, change: Partial<NodeDocument>): Definition {
  return mapNode(definition, id, (node) => defined({ ...node, ...change }));
}

/** One parameter of a node; undefined takes it away, so that the type's default holds. */
export function setParam(
  definition: Definition,
  id: string,
  name: string,
  value: Json | undefined,
): Definition {
  return mapNode(definition, id, (node) => {
    const { [name]: _before, ...rest } = node.params ?? {};
    return { ...node, params: value === undefined ? rest : { ...node.params, [name]: value } };
  });
}

function mapNode(
  definition: Definition,
  id: string,
  change: (node: NodeDocument) => NodeDocument,
): Definition {
  return { ...definition, nodes: definition.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

export function moveNodes(definition: Definition, places: Readonly<Record<string, Point>>): Definition {
  return {
    ...definition,
    nodes: definition.nodes.map((node) => {
      const position = places[node.id];
      if (!position || (node.position?.x === position.x && node.position.y === position.y)) return node;
      return { ...node, position };
    }),
  };
}

/** With the connection, unless it is there already. */
export function connect(definition: Definition, connection: ConnectionDocument): Definition {
  const key = keyOf(connection);
  if (definition.connections.some((other) => keyOf(other) === key)) return definition;
  return { ...definition, connections: [...definition.connections, connection] };
}

export function disconnect(definition: Definition, keys: Iterable<ConnectionKey>): Definition {
  const gone = new Set(keys);
  const connections = definition.connections.filter((connection) => !gone.has(keyOf(connection)));
  return connections.length === definition.connections.length ? definition : { ...definition, connections };
}

export function setConnection(
  definition: Definition,
  key: ConnectionKey,
  change: Partial<ConnectionDocument>,
): Definition {
  return {
    ...definition,
    connections: definition.connections.map((connection) =>
      keyOf(connection) === key ? defined({ ...connection, ...change }) : connection,
    ),
  };
}

/** Puts a node between the ends of a connection: what came to its target now comes through the node. */
export function insertBetween(
  definition: Definition,
  key: ConnectionKey,
  node: NodeDocument,
  port = "main",
): Definition {
  const cut = definition.connections.find((connection) => keyOf(connection) === key);
  if (!cut) return addNodes(definition, [node]);
  const { input, ...start } = cut;
  const before: ConnectionDocument = { ...start, to: node.id };
  const after: ConnectionDocument = { from: node.id, port, to: cut.to, ...(input ? { input } : {}) };
  return {
    ...definition,
    nodes: [...definition.nodes, node],
    connections: definition.connections.flatMap((one) => (one === cut ? [before, after] : [one])),
  };
}

export const addAnnotation = (definition: Definition, annotation: Annotation): Definition => ({
  ...definition,
  annotations: [...(definition.annotations ?? []), annotation],
});

export function setAnnotation(definition: Definition, id: string, change: Partial<Annotation>): Definition {
  const annotations = definition.annotations?.map((one) => (one.id === id ? { ...one, ...change } : one));
  return annotations ? { ...definition, annotations } : definition;
}

export function removeAnnotations(definition: Definition, ids: Iterable<string>): Definition {
  const gone = new Set(ids);
  const annotations = definition.annotations?.filter(({ id }) => !gone.has(id));
  return annotations ? { ...definition, annotations } : definition;
}

/** A name that no other node has: "HTTP request", then "HTTP request 2". */
export function freeName(definition: Definition, wanted: string): string {
  const taken = new Set(definition.nodes.map(({ name }) => name));
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/ \d+$/, "");
  for (let number = 2; ; number++) {
    const name = `${stem} ${number}`;
    if (!taken.has(name)) return name;
  }
}

/** An id that no other node or annotation has, readable where the name allows. */
export function freeId(definition: Definition, name: string): string {
  const taken = new Set([...definition.nodes, ...(definition.annotations ?? [])].map(({ id }) => id));
  const stem =
    name
      .normalize("NFKD")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "")
      .slice(0, 60) || "node";
  // What every object has is found in every record that is kept by ids.
  if (!taken.has(stem) && !(stem in {})) return stem;
  for (let number = 2; ; number++) if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
}

/** Without the members that are undefined, which JSON does not know. */
function defined<T extends object>(given: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
