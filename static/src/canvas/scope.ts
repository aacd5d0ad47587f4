import { isBelow, isIterationOf, upwards } from "./paths.ts";
import { type Count, ENDED, type NodeRun, type NodeState, type Scope, type Wait } from "./types.ts";

/** What is going on inside an iteration that is still open. The first that holds says how it stands. */
type Pulse = "asked" | "review" | "running" | "waiting";

/** How many node runs of one node, or iterations of one container, stand where. */
export interface Tally {
  done: number;
  failed: number;
  skipped: number;
  canceled: number;
  running: number;
  waiting: number;
  asked: number;
  review: number;
  /** How many left by each port. */
  ports: Readonly<Record<string, number>>;
}

interface Index {
  runs: ReadonlyMap<string, NodeRun>;
  openOf: ReadonlyMap<string, readonly NodeRun[]>;
  countsOf: ReadonlyMap<string, readonly Count[]>;
  waitOf: ReadonlyMap<string, Wait>;
  waitsOf: ReadonlyMap<string, readonly Wait[]>;
  pulses: ReadonlyMap<string, ReadonlySet<Pulse>>;
}

const indexes = new WeakMap<Scope, Index>();

/** The look-up tables of a scope, made once for each: scopes are never changed, only replaced. */
function indexOf(scope: Scope): Index {
  const known = indexes.get(scope);
  if (known) return known;
  const path = scope.path ?? "";
  const runs = new Map<string, NodeRun>();
  const openOf = new Map<string, NodeRun[]>();
  const countsOf = new Map<string, Count[]>();
  const waitOf = new Map<string, Wait>();
  const waitsOf = new Map<string, Wait[]>();
  const pulses = new Map<string, Set<Pulse>>();
  for (const wait of scope.waits) {
    if (wait.resolved_at === null) waitOf.set(`${wait.node_id} ${wait.path ?? ""}`, wait);
    put(waitsOf, `${wait.node_id} ${wait.path ?? ""}`, wait);
  }
  // A container inside is as busy as what it holds, so its own run says nothing.
  const containers = new Set<string>();
  for (const run of scope.node_runs) if (isIterationOf(run.path, run.node_id)) containers.add(run.node_id);
  for (const run of scope.node_runs) {
    runs.set(`${run.node_id} ${run.path}`, run);
    if (!isBelow(run.path, path)) continue;
    put(openOf, run.node_id, run);
    const pulse = pulseOf(run, waitOf.get(`${run.node_id} ${run.path}`));
    if (pulse && !containers.has(run.node_id))
      for (const at of upwards(run.path)) {
        const felt = pulses.get(at);
        if (felt) felt.add(pulse);
        else pulses.set(at, new Set([pulse]));
      }
  }
  for (const row of scope.counts) put(countsOf, row.node_id, row);
  const index: Index = { runs, openOf, countsOf, waitOf, waitsOf, pulses };
  indexes.set(scope, index);
  return index;
}

function put<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function pulseOf(run: NodeRun, wait: Wait | undefined): Pulse | null {
  if (run.state === "NEEDS_REVIEW") return "review";
  if (run.state === "WAITING_INPUT") return isForPerson(wait?.kind) ? "asked" : "waiting";
  if (run.state === "RETRYING") return "waiting";
  return run.state === "RUNNING" ? "running" : null;
}

/** Whether a wait of this kind is a person's to end. */
export function isForPerson(kind: string | undefined): boolean {
  return kind === undefined || kind === "human";
}

/** The node run of a node at exactly this path. */
export function runAt(scope: Scope, nodeId: string, path = scope.path ?? ""): NodeRun | undefined {
  return indexOf(scope).runs.get(`${nodeId} ${path}`);
}

/** What a node waits for now, at exactly this path. */
export function openWait(scope: Scope, nodeId: string, path = scope.path ?? ""): Wait | undefined {
  return indexOf(scope).waitOf.get(`${nodeId} ${path}`);
}

/** Everything a node waited for at this path, in order. */
export function waitsAt(scope: Scope, nodeId: string, path = scope.path ?? ""): readonly Wait[] {
  return indexOf(scope).waitsOf.get(`${nodeId} ${path}`) ?? [];
}

/** The node runs inside containers of this scope that are still open, iterations among them. */
export function openInside(scope: Scope, nodeId: string): readonly NodeRun[] {
  return indexOf(scope).openOf.get(nodeId) ?? [];
}

/** How an iteration that is still open stands: where a person is asked, that counts before all else. */
export function standing(scope: Scope, path: string): Pulse {
  const felt = indexOf(scope).pulses.get(path);
  for (const pulse of ["asked", "review", "running", "waiting"] as const) if (felt?.has(pulse)) return pulse;
  return "running";
}

const SETTLED: Partial<Record<NodeState, "done" | "failed" | "skipped" | "canceled">> = {
  COMPLETED: "done",
  FAILED: "failed",
  SKIPPED: "skipped",
  CANCELED: "canceled",
};

/** How the runs of a node inside containers stand, or with `ofIterations` how a container's iterations do. */
export function tallyOf(scope: Scope, nodeId: string, ofIterations = false): Tally {
  const { countsOf, openOf, waitOf } = indexOf(scope);
  const ports: Record<string, number> = {};
  const tally = {
    done: 0,
    failed: 0,
    skipped: 0,
    canceled: 0,
    running: 0,
    waiting: 0,
    asked: 0,
    review: 0,
    ports,
  };
  for (const row of countsOf.get(nodeId) ?? []) {
    const name = SETTLED[row.state];
    if (row.is_iteration !== ofIterations || !name) continue;
    tally[name] += row.count;
    if (row.port !== null) ports[row.port] = (ports[row.port] ?? 0) + row.count;
  }
  for (const run of openOf.get(nodeId) ?? []) {
    if (ENDED.has(run.state) || isIterationOf(run.path, nodeId) !== ofIterations) continue;
    const pulse = ofIterations
      ? standing(scope, run.path)
      : pulseOf(run, waitOf.get(`${nodeId} ${run.path}`));
    if (pulse) tally[pulse] += 1;
  }
  return tally;
}

/** How far a container is. `total` is null where nobody knows it yet. */
export interface Progress extends Tally {
  total: number | null;
  /** Iterations that are over, however they ended. */
  over: number;
  open: number;
  /** Iterations there are so far. */
  begun: number;
}

/** The progress of a container at the level of `scope`, or of all its runs in deeper levels together. */
export function progressOf(scope: Scope, container: string): Progress {
  const tally = tallyOf(scope, container, true);
  const over = tally.done + tally.failed + tally.skipped + tally.canceled;
  const open = tally.running + tally.waiting + tally.asked + tally.review;
  const total = runAt(scope, container)?.total ?? null;
  return { ...tally, total, over, open, begun: over + open };
}
