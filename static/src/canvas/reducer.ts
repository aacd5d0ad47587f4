import {
  type Attempt,
  type Change,
  type ChangeMessage,
  ENDED,
  type NodeRun,
  type NodeRunChange,
  type RunError,
  type Snapshot,
  type StatusChange,
  TERMINAL,
  type WaitChange,
} from "./types.ts";

/**
 * Live changes onto a snapshot. The law: an old snapshot plus the messages after it equals a fresh snapshot (apart
 * from payloads and error texts, which never travel live). Pure; what did not change keeps its identity.
 */
export function applyChange(snapshot: Snapshot, message: ChangeMessage): Snapshot {
  if (message.seq <= snapshot.seq) return snapshot;
  let next: Snapshot = { ...snapshot, seq: message.seq };
  for (const change of message.changes ?? []) next = applyOne(next, change, message.at ?? null);
  return next;
}

/** Whether a message leaves out others that must have come before it, so that only a fresh snapshot helps. */
export function isGap(snapshot: Snapshot, message: ChangeMessage): boolean {
  // A message without changes only tells how far the execution is.
  const expected = message.changes ? snapshot.seq + 1 : snapshot.seq;
  return message.seq > expected;
}

function applyOne(snapshot: Snapshot, change: Change, at: string | null): Snapshot {
  if ("wait" in change) return applyWait(snapshot, change);
  if ("node_id" in change) return applyNodeRun(snapshot, change, at);
  return applyStatus(snapshot, change);
}

function applyStatus(snapshot: Snapshot, change: StatusChange): Snapshot {
  return {
    ...snapshot,
    status: change.status,
    started_at: change.started_at === undefined ? snapshot.started_at : change.started_at,
    finished_at: change.finished_at === undefined ? snapshot.finished_at : change.finished_at,
    resume_count: change.resume_count ?? snapshot.resume_count,
    error: errorOf(change.error_code, snapshot.error),
    remaining_nodes: TERMINAL.has(change.status) ? [] : snapshot.remaining_nodes,
  };
}

function applyWait(snapshot: Snapshot, { wait }: WaitChange): Snapshot {
  const isKnown = snapshot.waits.some((other) => other.id === wait.id);
  const waits = isKnown
    ? snapshot.waits.map((other) => (other.id === wait.id ? { ...other, ...wait } : other))
    : [...snapshot.waits, { kind: "", opened_at: "", wake_at: null, resolved_at: null, ...wait }];
  return { ...snapshot, waits };
}

function applyNodeRun(snapshot: Snapshot, change: NodeRunChange, at: string | null): Snapshot {
  const path = change.path ?? "";
  const index = snapshot.node_runs.findIndex((run) => run.node_id === change.node_id && run.path === path);
  const old = snapshot.node_runs[index];
  const run = nodeRunAfter(old, change, path, at);
  const node_runs =
    index === -1
      ? [...snapshot.node_runs, run]
      : snapshot.node_runs.map((other, place) => (place === index ? run : other));
  const isOver = ENDED.has(run.state);
  const remaining_nodes =
    isOver && snapshot.remaining_nodes.includes(run.node_id)
      ? snapshot.remaining_nodes.filter((id) => id !== run.node_id)
      : snapshot.remaining_nodes;
  return { ...snapshot, node_runs, remaining_nodes };
}

function nodeRunAfter(
  old: NodeRun | undefined,
  change: NodeRunChange,
  path: string,
  at: string | null,
): NodeRun {
  const run: NodeRun = {
    ...old,
    node_id: change.node_id,
    path,
    state: change.state,
    attempt: change.attempt ?? old?.attempt ?? 0,
    max_attempts: change.max_attempts ?? old?.max_attempts ?? 1,
    port: change.port === undefined ? (old?.port ?? null) : change.port,
    also: change.also ?? old?.also ?? [],
    error: errorOf(change.error_code, old?.error ?? null),
    retry_at: change.retry_at ?? null,
    started_at: change.started_at === undefined ? (old?.started_at ?? null) : change.started_at,
    finished_at: change.finished_at === undefined ? (old?.finished_at ?? null) : change.finished_at,
  };
  if (run.state === "RUNNING" || run.state === "COMPLETED") run.error = null;
  run.attempts = change.attempts ?? attemptsAfter(old?.attempts ?? [], run, at);
  return run;
}

/** The attempts when the change does not bring them, which it does as soon as one has failed. */
function attemptsAfter(old: Attempt[], run: NodeRun, at: string | null): Attempt[] {
  const number = run.attempt;
  if (number === 0) return old;
  const known = old.find((attempt) => attempt.number === number);
  const hasFailed = run.state === "RETRYING";
  const present: Attempt = {
    number,
    started_at: number === 1 ? run.started_at : (known?.started_at ?? at),
    finished_at: hasFailed ? (known?.finished_at ?? at) : run.finished_at,
    error: hasFailed || ENDED.has(run.state) ? (run.error ?? null) : null,
  };
  return [...old.filter((attempt) => attempt.number !== number), present].sort((a, b) => a.number - b.number);
}

/** The error after a change that names a code, or does not. A known text of the same code is kept. */
function errorOf(code: string | null | undefined, old: RunError | null): RunError | null {
  if (code === undefined) return old;
  if (code === null) return null;
  return old?.code === code ? old : { code };
}
