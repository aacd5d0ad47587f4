/** What is known where a node's expressions stand, as completion reads it. */

import type { Json } from "../../canvas/types.ts";
import { type Datum, useData } from "../data/store.ts";
import { useEditor } from "../store.ts";
import type { Knowledge, Known } from "./chains.ts";
import type { Sees } from "./previewing.ts";

export function knowledgeOf(nodeId: string, sees: Sees = "input"): Knowledge {
  const { definition } = useEditor.getState();
  const data = useData.getState();
  const around = data.around[nodeId];
  const input = data.inputOf(nodeId);
  const nameOf = (id: string | undefined | null): string =>
    definition.nodes.find((node) => node.id === id)?.name ?? "";
  const known = (datum: Datum, by: string): Known => ({
    value: datum.value,
    by,
    isExample: datum.source === "example",
  });
  const plain = (value: Json): Known => ({ value, by: "", isExample: false });
  const now = new Date().toISOString();
  const main: Known =
    sees === "output"
      ? known(data.outputOf(nodeId), nameOf(nodeId))
      : {
          ...known(input, input.from.map(nameOf).join(", ")),
          value: input.ports.main ?? (input.large ? undefined : (input.value ?? undefined)),
        };
  const roots: Record<string, Known> = {
    $json: main,
    $input: { ...main, value: { ...input.ports } },
    $vars: plain({ ...around?.variables }),
    $now: plain(now),
    $today: plain(`${now.slice(0, 10)}T00:00:00.000Z`),
    $execution: { ...plain({ id: "…", mode: "test", created_at: now, callback_url: {} }), isExample: true },
    $workflow: plain({ id: useEditor.getState().workflow.id, version_id: "…" }),
  };
  if (around?.trigger) roots.$trigger = known(data.outputOf(around.trigger), nameOf(around.trigger));
  if (around?.round) {
    const isExample = input.source === "example";
    roots.$item = { value: around.round.item, by: nameOf(around.round.container), isExample };
    roots.$index = plain(around.round.index);
  }
  const nodes: Record<string, Known> = {};
  for (const id of around?.visible ?? []) {
    const name = nameOf(id);
    if (name) nodes[name] = known(data.outputOf(id), name);
  }
  return { roots, nodes };
}
