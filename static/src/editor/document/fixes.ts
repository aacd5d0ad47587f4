/** Doing what the server offers to do about a finding. Pure; the same as `applied` in apps/workflows/fixes.py. */

import type { Definition, DefinitionEdit, Json } from "../../canvas/types.ts";
import { addNodes, connect, disconnect, keyOf, removeNodes } from "./edits.ts";

/** The definition with these edits made. What an edit names and is not there any more is left alone. */
export function applied(definition: Definition, edits: readonly DefinitionEdit[]): Definition {
  return edits.reduce(apply, definition);
}

function apply(definition: Definition, edit: DefinitionEdit): Definition {
  switch (edit.op) {
    case "add":
      return addNodes(definition, [edit.node]);
    case "remove":
      return removeNodes(definition, [edit.node]);
    case "connect":
      return connect(definition, edit.connection);
    case "disconnect":
      return disconnect(definition, [keyOf(edit.connection)]);
    case "set":
      return set(definition, edit);
  }
}

function set(definition: Definition, edit: Extract<DefinitionEdit, { op: "set" }>): Definition {
  const change = <T>(target: T): T => withValue(target as Json, edit.path, edit.value) as T;
  if (edit.node !== undefined)
    return {
      ...definition,
      nodes: definition.nodes.map((node) => (node.id === edit.node ? change(node) : node)),
    };
  if (edit.connection) {
    const key = keyOf(edit.connection);
    return {
      ...definition,
      connections: definition.connections.map((one) => (keyOf(one) === key ? change(one) : one)),
    };
  }
  return change(definition);
}

function withValue(
  target: Json | undefined,
  path: readonly (string | number)[],
  value: Json | undefined,
): Json {
  const [first, ...rest] = path;
  if (first === undefined) return value ?? null;
  if (typeof first === "number") {
    const list = Array.isArray(target) ? [...target] : [];
    list[first] = withValue(list[first], rest, value);
    return list;
  }
  const object = typeof target === "object" && target !== null && !Array.isArray(target) ? target : {};
  if (rest.length === 0 && value === undefined) {
    const { [first]: _gone, ...left } = object;
    return left;
  }
  return { ...object, [first]: withValue(object[first], rest, value) };
}
