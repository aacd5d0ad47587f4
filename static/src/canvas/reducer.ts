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
  const error = errorOf(change.error, change.error_code, snapshot.error);
  return {
    ...snapshot,
    status: change.status,
    started_at: change.started_at === undefined ? snapshot.started_at : change.started_at,
    finished_at: change.finished_at === undefined ? snapshot.finished_at : change.finished_at,
    error,
    remaining_nodes: TERMINAL.has(change.status) ? [] : snapshot.remaining_nodes,
  };
}

function applyWait(snapshot: Snapshot, { wait }: WaitChange): Snapshot {
  const known = snapshot.waits.findIndex((other) => other.id === wait.id);
  const waits =
    known === -1
      ? [...snapshot.waits, wait]
      : snapshot.waits.map((other, index) => (index === known ? { ...other, ...wait } : other));
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
  const isOver = ENDED.has(run.state) && path === "";
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
  const attempt = change.attempt ?? old?.attempt ?? 0;
  const run: NodeRun = {
    ...old,
    node_id: change.node_id,
    path,
    state: change.state,
    attempt,
    max_attempts: change.max_attempts === undefined ? (old?.max_attempts ?? null) : change.max_attempts,
    port: change.port === undefined ? (old?.port ?? null) : change.port,
    started_at: change.started_at === undefined ? (old?.started_at ?? null) : change.started_at,
    finished_at: change.finished_at === undefined ? (old?.finished_at ?? null) : change.finished_at,
    error: errorOf(undefined, change.error_code, old?.error ?? null),
    summary: change.summary === undefined ? (old?.summary ?? null) : change.summary,
    attempts: change.attempts ?? attemptsAfter(old?.attempts ?? [], change, attempt, at),
  };
  if (change.also !== undefined) run.also = change.also;
  if (change.state === "RUNNING" || change.state === "COMPLETED") run.error = null;
  return run;
}

/** The attempts when the change does not bring them: opened by RUNNING, closed by whatever ends the attempt. */
function attemptsAfter(old: Attempt[], change: NodeRunChange, number: number, at: string | null): Attempt[] {
  if (number === 0 || change.state === "PENDING" || change.state === "SKIPPED") return old;
  const known = old.find((attempt) => attempt.number === number);
  const opened: Attempt = known ?? {
    number,
    started_at: number === 1 ? (change.started_at ?? at) : at,
    finished_at: null,
    error: null,
  };
  const isClosed = change.state === "RETRYING" || change.state === "NEEDS_REVIEW" || ENDED.has(change.state);
  const after: Attempt =
    isClosed && opened.finished_at === null
      ? {
          ...opened,
          finished_at: change.finished_at ?? at,
          error: change.error_code ? { code: change.error_code } : null,
        }
      : opened;
  if (after === known) return old;
  return [...old.filter((attempt) => attempt.number !== number), after].sort((a, b) => a.number - b.number);
}

function errorOf(
  whole: RunError | null | undefined,
  code: string | null | undefined,
  old: RunError | null,
): RunError | null {
  if (whole !== undefined) return whole;
  if (code === undefined) return old;
  if (code === null) return null;
  return old?.code === code ? old : { code };
}
