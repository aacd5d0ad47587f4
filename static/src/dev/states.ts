import type { CanvasData, NodeRun, NodeState } from "../canvas/types.ts";
import { nodeTypes } from "./samples.ts";

const SHOWN: [string, NodeState | null, Partial<NodeRun>][] = [
  ["Draft refusal", "RUNNING", { started_at: ago(6.2) }],
  ["Manager", "WAITING_INPUT", { started_at: ago(720) }],
  ["Next morning", "WAITING_INPUT", { started_at: ago(28_800) }],
  ["Total", "COMPLETED", { started_at: ago(5), finished_at: ago(4.998), port: "main" }],
  ["Stock", "FAILED", { started_at: ago(9), finished_at: ago(4), attempt: 4 }],
  ["Refund", "NEEDS_REVIEW", { started_at: ago(9) }],
  ["Ship", "CANCELED", { started_at: ago(5), finished_at: ago(3.8) }],
  ["Shipped", "SKIPPED", {}],
  ["Stock again", "RETRYING", { started_at: ago(9), attempt: 1, max_attempts: 4 }],
  ["Refused", null, {}],
  [
    "Price",
    "COMPLETED",
    { started_at: ago(9e5), finished_at: ago(9e5), port: "main", kept_from: "0192-a1b2c3" },
  ],
  ["Invoice", null, {}],
];

function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

/** Every state of a card on one canvas. */
export function statesData(): CanvasData {
  const nodes = SHOWN.map(([name], index) => ({
    id: name,
    name,
    type: ["Manager", "Next morning"].includes(name)
      ? name === "Manager"
        ? "HUMAN_IN_THE_LOOP"
        : "FLOW"
      : "ACTION",
    subtype: name === "Manager" ? "CONFIRMATION" : name === "Next morning" ? "WAIT" : "HTTP_REQUEST",
    position: {
      x: (index % 2) * 260,
      y: Math.floor(index / 2) * (index > 1 ? 70 : 70) + (index > 1 ? 70 : 0),
    },
    disabled: false,
  }));
  return {
    mode: "execution",
    breakpoints: ["Invoice", "Refused"],
    definition: { nodes, connections: [] },
    node_types: nodeTypes,
    snapshot: {
      id: "s",
      workflow_id: "w",
      workflow_name: "States",
      version: 1,
      status: "RUNNING",
      seq: 1,
      created_at: ago(900),
      started_at: ago(900),
      finished_at: null,
      error: null,
      definition: { nodes, connections: [] },
      remaining_nodes: [],
      resume_count: 0,
      hold: { by: "breakpoint", at: ago(3), nodes: [["", "Invoice"]] },
      counts: [],
      node_runs: SHOWN.flatMap(([node_id, state, rest]) =>
        state ? [{ node_id, path: "", attempt: 1, started_at: null, finished_at: null, state, ...rest }] : [],
      ),
      waits: [
        { id: "1", node_id: "Manager", kind: "human", opened_at: ago(720), wake_at: null, resolved_at: null },
        {
          id: "2",
          node_id: "Next morning",
          kind: "timer",
          opened_at: ago(28_800),
          wake_at: ago(-3600),
          resolved_at: null,
        },
      ],
    },
  };
}
