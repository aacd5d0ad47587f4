import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { duration } from "../app/words.ts";
import { placeOf } from "./family.ts";
import { need, needOfState } from "./iterations.ts";
import { outerOf } from "./paths.ts";
import { progressOf } from "./scope.ts";
import { endOf, startOf } from "./states.ts";
import { listKey, scopeAt, useCanvas } from "./store.ts";
import { ItemLine, StepLine } from "./TimelineRow.tsx";
import { type Rows, timelineRows } from "./timeline-rows.ts";
import { buildScale, type Scale, type Span } from "./timeline-scale.ts";
import { type NodeRun, type Snapshot, TERMINAL, type Wait } from "./types.ts";
import { useIsNarrow, useWindowed } from "./windowed.ts";

const ROW = 29;
const ROW_NARROW = 44;
const AXIS = 24;
/** Of loops up to this long every iteration's end is marked on the folded bar, of longer ones the failed ones. */
const MARKED = 100;

/** The run as a Gantt chart: one row per step, attempts in one row, long waits folded, a line for now. */
export function Timeline() {
  const snapshot = useCanvas((state) => state.snapshot);
  const now = useCanvas((state) => (snapshot && TERMINAL.has(snapshot.status) ? 0 : state.now));
  const [isFolding, setFolding] = useState(true);
  const [width, ref] = useWidth();
  const scale = useMemo(
    () => (snapshot ? scaleOf(snapshot, now, width, isFolding) : null),
    [snapshot, now, width, isFolding],
  );
  if (!snapshot || !scale) return null;
  const start = Date.parse(snapshot.started_at ?? snapshot.created_at);
  const end = snapshot.finished_at ? Date.parse(snapshot.finished_at) : now;
  const isOver = TERMINAL.has(snapshot.status);
  return (
    <section className="timeline" aria-label="Timeline">
      <header className="pane-head">
        <h2>Timeline</h2>
        <span className="muted num-inline">{duration(Math.max(0, end - start))}</span>
        <div className="push segmented">
          <button type="button" aria-pressed={isFolding} onClick={() => setFolding(true)}>
            Fold waits
          </button>
          <button type="button" aria-pressed={!isFolding} onClick={() => setFolding(false)}>
            Real time
          </button>
        </div>
      </header>
      <Chart snapshot={snapshot} scale={scale} end={end} isOver={isOver} plot={ref} />
    </section>
  );
}

function Chart({
  snapshot,
  scale,
  end,
  isOver,
  plot,
}: {
  snapshot: Snapshot;
  scale: Scale;
  end: number;
  isOver: boolean;
  plot: (element: HTMLElement | null) => void;
}) {
  const selected = useCanvas((state) => state.selected);
  const chosen = useCanvas((state) => state.chosen);
  const [rows, unfold] = useRows(snapshot);
  const scroller = useRef<HTMLDivElement>(null);
  const height = useIsNarrow() ? ROW_NARROW : ROW;
  const [first, last] = useWindowed(scroller, rows.count, height);
  const shown = useMemo(() => rows.slice(first, last), [rows, first, last]);
  const lines = useMemo(() => ({ stretches: scale.stretches, ticks: scale.ticks }), [scale]);
  useInView(scroller, rows, height);
  useEffect(() => {
    for (const row of shown) if (row.kind === "item") need(row.container, row.outer, row.index, row.index);
  }, [shown]);
  return (
    <div className="timeline-scroll" ref={scroller}>
      <div className="timeline-axis">
        <div className="timeline-plot" ref={plot}>
          {lines.stretches.map((stretch) =>
            stretch.isFolded ? (
              <span
                key={stretch.from}
                className="timeline-fold-label"
                style={{ left: stretch.left, width: stretch.width }}
              >
                {stretch.width < 110 ? "" : isWaited(snapshot, stretch) ? "wait, folded" : "quiet, folded"}
              </span>
            ) : null,
          )}
          {lines.ticks.map((tick) => (
            <span key={tick.at} className="timeline-tick" style={{ left: tick.x }}>
              {tick.label}
            </span>
          ))}
        </div>
      </div>
      <div
        className="timeline-body"
        style={{ height: rows.count * height + 4, paddingTop: first * height + 2 }}
      >
        <div className="timeline-grid" aria-hidden="true">
          {lines.stretches.map((stretch) =>
            stretch.isFolded ? (
              <i
                key={stretch.from}
                className="timeline-fold"
                style={{ left: stretch.left, width: stretch.width }}
              />
            ) : null,
          )}
          {lines.ticks.map((tick) => (
            <i key={tick.at} className="timeline-line" style={{ left: tick.x }} />
          ))}
          {isOver ? null : <i className="timeline-now" style={{ left: scale.x(end) }} />}
        </div>
        {shown.map((row) =>
          row.kind === "step" ? (
            <StepLine
              key={row.key}
              row={row}
              scale={scale}
              now={row.run && row.run.finished_at === null && row.run.started_at !== null ? end : 0}
              isSelected={row.id === selected}
              onUnfold={unfold}
            />
          ) : (
            <ItemLine
              key={row.key}
              row={row}
              scale={scale}
              now={isOver ? 0 : end}
              isSelected={chosen[row.container] === row.index}
            />
          ),
        )}
      </div>
    </div>
  );
}

/** Scrolls to the iteration that was chosen elsewhere, if its container is unfolded. */
function useInView(scroller: RefObject<HTMLElement | null>, rows: Rows, height: number): void {
  const chosen = useCanvas((state) => state.chosen);
  const known = useRef(chosen);
  useEffect(() => {
    const element = scroller.current;
    if (!element || known.current === chosen) return;
    const { family } = useCanvas.getState();
    for (const [container, index] of Object.entries(chosen)) {
      if (known.current[container] === index) continue;
      const place = rows.placeOfItem(container, placeOf(family, chosen, container).path, index);
      const top = place * height + AXIS;
      const isSeen =
        top - AXIS >= element.scrollTop && top + height <= element.scrollTop + element.clientHeight;
      if (place >= 0 && !isSeen) element.scrollTop = top - element.clientHeight / 3;
    }
    known.current = chosen;
  }, [scroller, rows, height, chosen]);
}

/** The rows, and what folds or unfolds a container. A container whose iteration is chosen is unfolded. */
function useRows(snapshot: Snapshot): [Rows, (key: string) => void] {
  const cards = useCanvas((state) => state.cards);
  const family = useCanvas((state) => state.family);
  const chosen = useCanvas((state) => state.chosen);
  const scopes = useCanvas((state) => state.scopes);
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const order = useMemo(() => new Map(Object.keys(cards).map((id, place) => [id, place])), [cards]);
  const rows = useMemo(
    () =>
      timelineRows({
        family,
        chosen,
        unfolded,
        order,
        scopeAt: (path) => scopeAt({ snapshot, scopes }, path),
      }),
    [snapshot, family, chosen, scopes, unfolded, order],
  );
  const unfold = useCallback((key: string) => {
    setUnfolded((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  useMarks(snapshot);
  return [rows, unfold];
}

/** Asks for the iterations that are marked on the bars of the workflow's own containers. */
function useMarks(snapshot: Snapshot): void {
  const family = useCanvas((state) => state.family);
  useEffect(() => {
    for (const id of family.childrenOf.get("") ?? []) {
      if (!family.containers.has(id)) continue;
      const { begun, failed } = progressOf(snapshot, id);
      if (begun === 0) continue;
      if (begun <= MARKED) need(id, "", 0, begun - 1);
      else if (failed > 0 && !useCanvas.getState().lists[listKey(id, "", "FAILED")])
        void needOfState(id, "", "FAILED");
    }
  }, [snapshot, family]);
}

function scaleOf(snapshot: Snapshot, now: number, width: number, isFolding: boolean): Scale {
  // What was kept from another run has that run's times.
  const runs = snapshot.node_runs.filter(
    (run) => run.path === "" && run.state !== "SKIPPED" && !run.kept_from,
  );
  const from = Math.min(
    Date.parse(snapshot.started_at ?? snapshot.created_at),
    ...runs.flatMap((run) => startOf(run) ?? []),
  );
  const ends = runs.flatMap((run) => (run.finished_at ? Date.parse(run.finished_at) : []));
  const last = snapshot.finished_at ? Date.parse(snapshot.finished_at) : now;
  const to = Math.max(from + 10, last, ...ends);
  const waits = new Map<string, Wait[]>();
  for (const wait of snapshot.waits) {
    // A container is quiet while all that is open in it waits.
    const owner = wait.path ? wait.path.slice(0, wait.path.indexOf("[")) : wait.node_id;
    waits.set(owner, [...(waits.get(owner) ?? []), wait]);
  }
  const busyInside = new Set(
    snapshot.node_runs
      .filter((run) => run.path !== "" && run.state === "RUNNING" && !isRound(run))
      .map((run) => run.path.slice(0, run.path.indexOf("["))),
  );
  const busy = runs.flatMap((run) => {
    const own = waits.get(run.node_id) ?? [];
    return busySpans(run, busyInside.has(run.node_id) ? [] : latestOf(own), to);
  });
  return buildScale({ from, to }, busy, width, isFolding);
}

const isRound = (run: NodeRun): boolean =>
  run.path.slice(outerOf(run.path).length).replace(/^\//, "").startsWith(`${run.node_id}[`);

/** Of waits inside a container only the time all of them share is quiet; a node's own follow one another. */
function latestOf(waits: readonly Wait[]): Wait[] {
  const inside = waits.filter((wait) => wait.path);
  if (inside.length < 2) return [...waits];
  const latest = inside.reduce((a, b) => (a.opened_at > b.opened_at ? a : b));
  return [...waits.filter((wait) => !wait.path), latest];
}

/** When a node run worked: its whole length without its waits and the pauses between its attempts. */
function busySpans(run: NodeRun, waits: readonly Wait[], now: number): Span[] {
  const start = startOf(run);
  if (start === null) return [];
  const quiet: Span[] = waits.map((wait) => ({
    from: Date.parse(wait.opened_at),
    to: wait.resolved_at ? Date.parse(wait.resolved_at) : now,
  }));
  const attempts = run.attempts ?? [];
  attempts.forEach((attempt, index) => {
    const next = attempts[index + 1];
    if (attempt.finished_at && next?.started_at)
      quiet.push({ from: Date.parse(attempt.finished_at), to: Date.parse(next.started_at) });
    else if (attempt.finished_at && !next && run.finished_at === null)
      quiet.push({ from: Date.parse(attempt.finished_at), to: now });
  });
  const end = endOf(run, now);
  let at = start;
  const spans: Span[] = [];
  for (const pause of quiet.sort((a, b) => a.from - b.from)) {
    if (pause.from > at) spans.push({ from: at, to: Math.min(pause.from, end) });
    at = Math.max(at, pause.to);
  }
  if (at < end || spans.length === 0) spans.push({ from: Math.min(at, end), to: end });
  return spans;
}

const isWaited = (snapshot: Snapshot, span: Span): boolean =>
  snapshot.waits.some(
    (wait) =>
      Date.parse(wait.opened_at) < span.to &&
      (wait.resolved_at === null || Date.parse(wait.resolved_at) > span.from),
  );

function useWidth(): [number, (element: HTMLElement | null) => void] {
  const [width, setWidth] = useState(600);
  const observer = useRef<ResizeObserver | null>(null);
  const ref = useRef((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(80, Math.floor(entry.contentRect.width)));
    });
    observer.current.observe(element);
  });
  useEffect(() => () => observer.current?.disconnect(), []);
  return [width, ref.current];
}
