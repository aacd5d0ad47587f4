import { AGENT, isAttachment } from "./docking.ts";
import { iterationPath } from "./paths.ts";
import type { Json, NodeDocument, NodeTypeEntry } from "./types.ts";

/** Which node sits in which container. */
export interface Family {
  /** The container of a node, for nodes that sit in one. */
  parentOf: ReadonlyMap<string, string>;
  /** The nodes of a container; those of the workflow itself under "". */
  childrenOf: ReadonlyMap<string, readonly string[]>;
  containers: ReadonlySet<string>;
  /** The agent that a tool or memory hangs on: it stands wherever that one does, and in no container of its own. */
  agentOf: ReadonlyMap<string, string>;
  /** The other way round, in the order they are drawn. */
  hangingOn: ReadonlyMap<string, readonly string[]>;
}

export const NO_FAMILY: Family = {
  parentOf: new Map(),
  childrenOf: new Map(),
  containers: new Set(),
  agentOf: new Map(),
  hangingOn: new Map(),
};

/**
 * The family of a definition's nodes. A node is a container when its type says so or when others name it as their
 * parent; a parent that does not exist, or that is inside its own child, is none.
 */
export function familyOf(
  nodes: readonly NodeDocument[],
  entryOf: (node: NodeDocument) => NodeTypeEntry | undefined,
): Family {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const hangingOn = hangingIn(nodes, byId);
  const agentOf = new Map([...hangingOn].flatMap(([agent, ids]) => ids.map((id) => [id, agent] as const)));
  const parentOf = new Map<string, string>();
  for (const node of nodes)
    if (node.parent && !agentOf.has(node.id) && isPossible(node, byId)) parentOf.set(node.id, node.parent);
  const childrenOf = new Map<string, string[]>([["", []]]);
  const containers = new Set(nodes.filter((node) => entryOf(node)?.is_container).map(({ id }) => id));
  for (const { id } of nodes) {
    if (agentOf.has(id)) continue;
    const parent = parentOf.get(id) ?? "";
    if (parent) containers.add(parent);
    const siblings = childrenOf.get(parent);
    if (siblings) siblings.push(id);
    else childrenOf.set(parent, [id]);
  }
  return { parentOf, childrenOf, containers, agentOf, hangingOn };
}

/** What hangs on which agent. What several agents use hangs on the first of them. */
function hangingIn(
  nodes: readonly NodeDocument[],
  byId: ReadonlyMap<string, NodeDocument>,
): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const taken = new Set<string>();
  for (const agent of nodes) {
    if (agent.type !== AGENT || !agent.attached?.length) continue;
    const own = agent.attached.filter((id) => {
      const node = byId.get(id);
      if (!node || !isAttachment(node) || taken.has(id)) return false;
      taken.add(id);
      return true;
    });
    if (own.length > 0) found.set(agent.id, own);
  }
  return found;
}

function isPossible(node: NodeDocument, byId: ReadonlyMap<string, NodeDocument>): boolean {
  const seen = new Set([node.id]);
  for (let at = node.parent; at; at = byId.get(at)?.parent) {
    if (seen.has(at) || !byId.has(at)) return false;
    seen.add(at);
  }
  return true;
}

/** The containers a node sits in, the outermost first. */
export function ancestorsOf(family: Family, id: string): string[] {
  const found: string[] = [];
  for (let at = family.parentOf.get(id); at !== undefined; at = family.parentOf.get(at)) found.unshift(at);
  return found;
}

/** Every node with its containers, or its agent, before it, which is how nested nodes are drawn. */
export function outsideIn(family: Family): string[] {
  const found: string[] = [];
  const visit = (id: string): void => {
    for (const child of family.childrenOf.get(id) ?? []) {
      found.push(child, ...(family.hangingOn.get(child) ?? []));
      visit(child);
    }
  };
  visit("");
  return found;
}

/** Where a node is looked at: the iterations that are chosen of the containers around it, as far as they are. */
export interface Place {
  path: string;
  /** Every container around it has its iteration chosen, so that there is one node run to show. */
  isExact: boolean;
  /** The outermost container whose iteration is not chosen. */
  open: string | null;
}

export function placeOf(family: Family, chosen: Readonly<Record<string, number>>, id: string): Place {
  let path = "";
  for (const container of ancestorsOf(family, id)) {
    const index = chosen[container];
    if (index === undefined) return { path, isExact: false, open: container };
    path = iterationPath(path, container, index);
  }
  return { path, isExact: true, open: null };
}

/** How a container goes about its iterations, said in a few words: "5 at a time", "at most 100 times". */
export function manner(params: Record<string, Json> | undefined): string {
  const { parallelism, batch_size: batch, max_iterations: most } = params ?? {};
  const words: string[] = [];
  if (typeof parallelism === "number" && parallelism > 1) words.push(`${parallelism} at a time`);
  if (typeof batch === "number" && batch > 1) words.push(`batches of ${batch}`);
  if (typeof most === "number") words.push(`at most ${most} times`);
  return words.join(", ");
}
