import type { CanvasData, ChangeMessage, ConnectionDocument, NodeDocument } from "../canvas/types.ts";
import { feedOf } from "./loops.ts";
import { nodeTypes } from "./samples.ts";

/** A workflow of many nodes, always the same: does the canvas stay smooth? */
export function bigData(size: number): CanvasData {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const nodes: NodeDocument[] = [];
  const connections: ConnectionDocument[] = [];
  for (let index = 0; index < size; index++) {
    const isFork = index % 5 === 2;
    nodes.push({
      id: `n${index}`,
      name: `Step ${index}`,
      type: isFork ? "FLOW" : "ACTION",
      subtype: isFork ? "IF" : "HTTP_REQUEST",
      params: { url: `https://api.example.com/${index}` },
    });
    if (index === 0) continue;
    const from = Math.max(0, index - 1 - Math.floor(random() * 4));
    connections.push({
      from: `n${from}`,
      port: from % 5 === 2 ? (random() < 0.5 ? "true" : "false") : "main",
      to: `n${index}`,
    });
  }
  return { mode: "workflow", definition: { nodes, connections }, node_types: nodeTypes };
}

/** The same workflow in a run: every step starts, is tried again, and ends, four messages each, so many a second. */
export function bigRun(size: number, rate: number): CanvasData {
  const data = bigData(size);
  const now = new Date().toISOString();
  window.WebSocket = feedOf(rate, messagesFor(data.definition.nodes)) as unknown as typeof WebSocket;
  return {
    ...data,
    mode: "execution",
    live_url: "/ws/executions/big/",
    snapshot: {
      id: "big",
      workflow_id: "w",
      workflow_name: "Big",
      version: 1,
      status: "RUNNING",
      seq: 0,
      created_at: now,
      started_at: now,
      finished_at: null,
      error: null,
      definition: data.definition,
      remaining_nodes: data.definition.nodes.map(({ id }) => id),
      resume_count: 1,
      node_runs: [],
      counts: [],
      waits: [],
    },
  };
}

function* messagesFor(nodes: readonly NodeDocument[]): Generator<ChangeMessage> {
  let seq = 0;
  for (const { id, subtype } of nodes)
    for (const state of ["RUNNING", "RETRYING", "RUNNING", "COMPLETED"] as const) {
      const at = new Date().toISOString();
      const port = subtype === "IF" ? "true" : "main";
      const ended = state === "COMPLETED" ? { finished_at: at, port } : { started_at: at };
      yield { seq: ++seq, at, changes: [{ node_id: id, path: "", state, attempt: 1, ...ended }] };
    }
}
