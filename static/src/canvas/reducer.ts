import { isBelow, isIterationOf } from "./paths.ts";
import {
  type Attempt,
  type ChangeMessage,
  type Count,
  ENDED,
  type NodeRun,
  type NodeRunChange,
  type RunError,
  type Scope,
  type Snapshot,
  type StatusChange,
  TERMINAL,
  type Wait,
  type WaitChange,
} from "./types.ts";

/**
 * Live changes onto a snapshot. The law: an old snapshot plus the messages after it equals a fresh snapshot (apart
 * from payloads and error texts, which never travel live). Pure; what did not change keeps its identity.
 */
export function applyChange(snapshot: Snapshot, message: ChangeMessage): Snapshot {
  return applyChanges(snapshot, [message]);
}

/** The same for several messages in order, at the price of one. */
export function applyChanges(snapshot: Snapshot, messages: readonly ChangeMessage[]): Snapshot {
  const fresh = messages.filter((message) => message.seq > snapshot.seq);
  if (fresh.length === 0) return snapshot;
  let next: Snapshot = { ...snapshot, ...changed(snapshot, fresh) };
  const over = new Set<string>();
  for (const message of fresh)
    for (const change of message.changes ?? []) {
      if ("status" in change) next = applyStatus(next, change);
      else if ("state" in change && !change.path && ENDED.has(change.state)) over.add(change.node_id);
    }
  if (next.remaining_nodes.some((id) => over.has(id)))
    next = { ...next, remaining_nodes: next.remaining_nodes.filter((id) => !over.has(id)) };
  return next;
}

/** The messages onto what is known of one iteration. */
export function applyToScope(scope: Scope, messages: readonly ChangeMessage[]): Scope {
  const fresh = messages.filter((message) => message.seq > scope.seq);
  return fresh.length === 0 ? scope : { ...scope, ...changed(scope, fresh) };
}

/** Whether a message leaves out others that must have come before it, so that only a fresh snapshot helps. */
export function isGap(snapshot: { seq: number }, message: ChangeMessage): boolean {
  // A message without changes only tells how far the execution is.
  const expected = message.changes ? snapshot.seq + 1 : snapshot.seq;
  return message.seq > expected;
}

function changed(scope: Scope, messages: readonly ChangeMessage[]): Omit<Scope, "path"> {
  const path = scope.path ?? "";
  const runs = new Keyed(scope.node_runs, runKey);
  const counts = new Keyed(scope.counts, countKey);
  const waits = new Keyed(scope.waits, (wait) => wait.id);
  for (const message of messages)
    for (const change of message.changes ?? [])
      if ("wait" in change) noteWait(waits, change, path);
      else if ("node_id" in change) noteRun(runs, counts, change, path, message.at ?? null);
  const seq = messages.at(-1)?.seq ?? scope.seq;
  return { seq, node_runs: runs.list(), counts: counts.list(), waits: waits.list() };
}

const runKey = (run: { node_id: string; path: string }): string => `${run.node_id} ${run.path}`;
const countKey = (row: Count): string =>
  `${row.node_id} ${row.is_iteration} ${row.state} ${row.port ?? "\n"}`;

/** A list found by key and changed in place of its copy; untouched, it stays the same list. */
class Keyed<T> {
  private places: Map<string, number> | null = null;
  private copy: (T | undefined)[] | null = null;

  constructor(
    private readonly given: T[],
    private readonly key: (item: T) => string,
  ) {}

  private index(): Map<string, number> {
    this.places ??= new Map(this.given.map((item, place) => [this.key(item), place]));
    return this.places;
  }

  get(key: string): T | undefined {
    const place = this.index().get(key);
    return place === undefined ? undefined : (this.copy ?? this.given)[place];
  }

  put(item: T): void {
    this.copy ??= [...this.given];
    const key = this.key(item);
    const place = this.index().get(key);
    if (place === undefined) this.index().set(key, this.copy.push(item) - 1);
    else this.copy[place] = item;
  }

  remove(key: string): void {
    const place = this.index().get(key);
    if (place === undefined) return;
    this.copy ??= [...this.given];
    this.copy[place] = undefined;
    this.index().delete(key);
  }

  list(): T[] {
    return this.copy ? this.copy.filter((item) => item !== undefined) : this.given;
  }
}

function noteRun(
  runs: Keyed<NodeRun>,
  counts: Keyed<Count>,
  change: NodeRunChange,
  path: string,
  at: string | null,
): void {
  const where = change.path ?? "";
  if (where !== path && !isBelow(where, path)) return;
  const key = runKey({ node_id: change.node_id, path: where });
  const run = nodeRunAfter(runs.get(key), change, where, at);
  if (where === path || !ENDED.has(run.state)) {
    runs.put(run);
    return;
  }
  runs.remove(key);
  const row: Count = {
    node_id: run.node_id,
    is_iteration: isIterationOf(where, run.node_id),
    state: run.state,
    port: run.port ?? null,
    count: 1,
  };
  counts.put({ ...row, count: (counts.get(countKey(row))?.count ?? 0) + 1 });
}

/** A wait that closes brings neither its path nor when it was opened: one that is not known is not shown. */
function noteWait(waits: Keyed<Wait>, { wait }: WaitChange, path: string): void {
  const known = waits.get(wait.id);
  if (!known && wait.opened_at === undefined) return;
  const next: Wait = { kind: "", opened_at: "", wake_at: null, resolved_at: null, ...known, ...wait };
  const where = next.path ?? "";
  const isShown = where === path || (isBelow(where, path) && next.resolved_at === null);
  if (isShown) waits.put(next);
  else waits.remove(wait.id);
}

function applyStatus(snapshot: Snapshot, change: StatusChange): Snapshot {
  return {
    ...snapshot,
    status: change.status,
    // Who holds it does not travel live; that nobody does any more is plain.
    ...(snapshot.hold && change.status !== "PAUSED" ? { hold: null } : {}),
    started_at: change.started_at === undefined ? snapshot.started_at : change.started_at,
    finished_at: change.finished_at === undefined ? snapshot.finished_at : change.finished_at,
    resume_count: change.resume_count ?? snapshot.resume_count,
    error: errorOf(change.error_code, snapshot.error),
    remaining_nodes: TERMINAL.has(change.status) ? [] : snapshot.remaining_nodes,
  };
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
  if (change.kept_from) run.kept_from = change.kept_from;
  if (change.unmet) run.unmet = change.unmet;
  run.total = ENDED.has(run.state) ? null : (change.total ?? old?.total ?? null);
  const progress = ENDED.has(run.state) ? null : (change.progress ?? old?.progress);
  if (progress) run.progress = progress;
  else delete run.progress;
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
