import type { CanvasData, ConnectionDocument, NodeDocument } from "../canvas/types.ts";
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
