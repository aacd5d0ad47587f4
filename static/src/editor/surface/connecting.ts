/** Which connections may be drawn. Pure. */

import { isAttachment } from "../../canvas/docking.ts";
import type { ConnectionDocument, Definition } from "../../canvas/types.ts";
import { keyOf, nodeOf } from "../document/edits.ts";

/** Why this connection may not be, in words; null where it may. */
export function refusal(
  definition: Definition,
  connection: ConnectionDocument,
  hasInput: (id: string) => boolean,
): string | null {
  const source = nodeOf(definition, connection.from);
  const target = nodeOf(definition, connection.to);
  if (!source || !target) return "This step is gone.";
  if (source === target) return "A step cannot lead to itself. Use a loop.";
  const loose = [source, target].find(isAttachment);
  if (loose) return `“${loose.name}” hangs on an agent: nothing leads to it or from it.`;
  if (!hasInput(target.id)) return `“${target.name}” starts runs: nothing leads there.`;
  if ((source.parent ?? null) !== (target.parent ?? null)) {
    const border = nodeOf(definition, source.parent ?? target.parent ?? "");
    return `It would cross the border of “${border?.name ?? "a loop"}”. Connect the loop itself.`;
  }
  const key = keyOf(connection);
  if (definition.connections.some((one) => keyOf(one) === key)) return "They are connected already.";
  if (leadsTo(definition, target.id, source.id))
    return `“${target.name}” comes before “${source.name}”: it would be a circle. Use a loop.`;
  return null;
}

/** Whether there is a way from one node to another. */
export function leadsTo(definition: Definition, from: string, to: string): boolean {
  const next = new Map<string, string[]>();
  for (const one of definition.connections) {
    const known = next.get(one.from);
    if (known) known.push(one.to);
    else next.set(one.from, [one.to]);
  }
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    for (const id of next.get(at) ?? [])
      if (!seen.has(id)) {
        seen.add(id);
        open.push(id);
      }
  }
  return false;
}
