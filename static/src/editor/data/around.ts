/** Whether two drafts are the same around a node. Pure. */

import type { Definition } from "../../canvas/types.ts";

/**
 * Whether the data around a node is the same in both drafts: everything but its own parameters, and what says nothing
 * about data. Cheap where most nodes are the same objects.
 */
export function isSameAround(one: Definition, other: Definition, nodeId: string): boolean {
  if (one === other) return true;
  if (one.nodes.length !== other.nodes.length) return false;
  const known = new Map(other.nodes.map((node) => [node.id, node]));
  // What a container says of its rounds is data to whatever stands in it, and to its own result.
  const isContainer = one.nodes.some(({ parent }) => parent === nodeId);
  const isSame = one.nodes.every((node) => {
    const match = known.get(node.id);
    if (match === node) return true;
    if (!match || node.name !== match.name || node.parent !== match.parent) return false;
    if (node.disabled !== match.disabled || node.subtype !== match.subtype) return false;
    if (JSON.stringify(node.pinned_output) !== JSON.stringify(match.pinned_output)) return false;
    return (
      (node.id === nodeId && !isContainer) || JSON.stringify(node.params) === JSON.stringify(match.params)
    );
  });
  return (
    isSame &&
    (one.connections === other.connections ||
      JSON.stringify(one.connections) === JSON.stringify(other.connections))
  );
}
