import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { duration } from "../app/words.ts";
import { Icon, Tile } from "./Icon.tsx";
import { endOf, errorLabel, type NodeView, ordinal, runOf, startOf, viewOf, waitLook } from "./states.ts";
import { type CardModel, useCanvas } from "./store.ts";
import { buildScale, type Scale, type Span } from "./timeline-scale.ts";
import { type NodeRun, type Snapshot, TERMINAL, type Wait } from "./types.ts";

/** Room a label needs inside its bar: padding and characters. */
const LABEL_PADDING = 14;
const NARROWEST = 4;
const CHARACTER = 6.4;

/** The run as a Gantt chart: one row per step, attempts in one row, long waits folded, a line for now. */
export function Timeline() {
  const snapshot = useCanvas((state) => state.snapshot);
  const cards = useCanvas((state) => state.cards);
  const now = useCanvas((state) => (snapshot && TERMINAL.has(snapshot.status) ? 0 : state.now));
  const selected = useCanvas((state) => state.selected);
  const [isFolding, setFolding] = useState(true);
  const [width, ref] = useWidth();
  const rows = useRows(snapshot, cards);
  const scale = useMemo(
    () => (snapshot ? scaleOf(snapshot, rows, now, width, isFolding) : null),
    [snapshot, rows, now, width, isFolding],
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
      <div className="timeline-scroll">
        <div className="timeline-axis">
          <div className="timeline-plot" ref={ref}>
            {scale.stretches.map((stretch) =>
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
            {scale.ticks.map((tick) => (
              <span key={tick.at} className="timeline-tick" style={{ left: tick.x }}>
                {tick.label}
              </span>
            ))}
          </div>
        </div>
        <div className="timeline-body">
          <div className="timeline-grid" aria-hidden="true">
            {scale.stretches.map((stretch) =>
              stretch.isFolded ? (
                <i
                  key={stretch.from}
                  className="timeline-fold"
                  style={{ left: stretch.left, width: stretch.width }}
                />
              ) : null,
            )}
            {scale.ticks.map((tick) => (
              <i key={tick.at} className="timeline-line" style={{ left: tick.x }} />
            ))}
            {isOver ? null : <i className="timeline-now" style={{ left: scale.x(end) }} />}
          </div>
          {rows.map((row) => (
            <Row
              key={row.key}
              row={row}
              snapshot={snapshot}
              scale={scale}
              now={row.isOpen ? end : 0}
              isSelected={row.card.node.id === selected}
            />
          ))}
        </div>
      </div>
    </section>
  );
}

interface RowModel {
  key: string;
  card: CardModel;
  run: NodeRun | undefined;
  waits: Wait[];
  isOpen: boolean;
}

/** Steps in the order they began, then those to come in the order of the graph. */
function useRows(snapshot: Snapshot | null, cards: Record<string, CardModel>): RowModel[] {
  return useMemo(() => {
    if (!snapshot) return [];
    const ids = Object.keys(cards);
    const rows = ids.flatMap((id): RowModel[] => {
      const card = cards[id];
      if (!card) return [];
      const run = runOf(snapshot, id);
      if (run?.state === "SKIPPED") return [];
      return [
        {
          key: id,
          card,
          run,
          waits: snapshot.waits.filter((wait) => wait.node_id === id),
          isOpen: run !== undefined && run.finished_at === null && run.started_at !== null,
        },
      ];
    });
    const began = (row: RowModel): number => (row.run && startOf(row.run)) ?? Number.POSITIVE_INFINITY;
    return rows.sort((a, b) => began(a) - began(b) || ids.indexOf(a.key) - ids.indexOf(b.key));
  }, [snapshot, cards]);
}

function scaleOf(
  snapshot: Snapshot,
  rows: readonly RowModel[],
  now: number,
  width: number,
  isFolding: boolean,
): Scale {
  const from = Math.min(
    Date.parse(snapshot.started_at ?? snapshot.created_at),
    ...rows.flatMap(({ run }) => (run && startOf(run)) ?? []),
  );
  const ends = rows.flatMap(({ run }) => (run?.finished_at ? Date.parse(run.finished_at) : []));
  const last = snapshot.finished_at ? Date.parse(snapshot.finished_at) : now;
  const to = Math.max(from + 10, last, ...ends);
  const busy = rows.flatMap((row) => (row.run ? busySpans(row.run, row.waits, to) : []));
  return buildScale({ from, to }, busy, width, isFolding);
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

const Row = memo(function Row({
  row,
  snapshot,
  scale,
  now,
  isSelected,
}: {
  row: RowModel;
  snapshot: Snapshot;
  scale: Scale;
  now: number;
  isSelected: boolean;
}) {
  const { card, run } = row;
  const select = useCanvas((state) => state.select);
  const view = viewOf(run, snapshot, now || Date.now(), card.ports.length > 1);
  const length = run?.started_at ? duration(endOf(run, now) - Date.parse(run.started_at)) : view.word;
  return (
    <button
      type="button"
      className="timeline-row"
      aria-pressed={isSelected}
      data-tone={view.tone}
      data-state={view.state}
      onClick={() => select(card.node.id)}
    >
      <span className="timeline-name">
        <Tile type={card.node.type} icon={card.entry?.icon ?? "box"} isSmall />
        <span className="truncate-line">{card.node.name}</span>
      </span>
      <span className="timeline-plot">
        {run?.started_at ? <Bars row={row} run={run} scale={scale} now={now} view={view} /> : null}
      </span>
      <span className="timeline-end">
        {length}
        <span className="visually-hidden">, {view.word}</span>
        <Icon name={view.icon} size={14} {...(view.icon === "loader-circle" ? { className: "spin" } : {})} />
      </span>
    </button>
  );
});

function Bars({
  row,
  run,
  scale,
  now,
  view,
}: {
  row: RowModel;
  run: NodeRun;
  scale: Scale;
  now: number;
  view: NodeView;
}) {
  const start = startOf(run) ?? 0;
  const end = endOf(run, now);
  const attempts = (run.attempts ?? []).filter((attempt) => attempt.started_at);
  const parts: ReactNode[] = [];
  const bar = (
    key: string,
    from: number,
    to: number,
    kind: string,
    tone: string,
    label = "",
    symbol = "",
  ): boolean => {
    const left = Math.min(scale.x(from), scale.width - NARROWEST);
    const width = Math.max(NARROWEST, scale.x(to) - left);
    const hasRoom = label !== "" && width > LABEL_PADDING + label.length * CHARACTER + (symbol ? 16 : 0);
    parts.push(
      <i key={key} className={`timeline-bar ${kind}`} data-tone={tone} style={{ left, width }}>
        {hasRoom ? (
          <span>
            {symbol ? <Icon name={symbol} size={12} /> : null}
            {label}
          </span>
        ) : null}
      </i>,
    );
    return hasRoom;
  };
  /** What stands behind the last bar: the outcome, or a label that had no room inside. */
  let after: string | null =
    run.state === "COMPLETED" && row.card.ports.length > 1 ? (run.port ?? null) : null;
  if (row.waits.length > 0) {
    for (const wait of row.waits) {
      const from = Date.parse(wait.opened_at);
      const to = wait.resolved_at ? Date.parse(wait.resolved_at) : end;
      const look = waitLook(wait.kind);
      bar(wait.id, from, to, "is-wait", look.tone, duration(to - from), look.icon);
    }
  } else if (attempts.length > 1) {
    attempts.forEach((attempt, index) => {
      const from = Date.parse(attempt.started_at ?? "");
      const to = attempt.finished_at ? Date.parse(attempt.finished_at) : end;
      const isLast = index === attempts.length - 1;
      const before = attempts[index - 1];
      if (before?.finished_at) {
        const left = scale.x(Date.parse(before.finished_at));
        parts.push(
          <i
            key={`pause ${attempt.number}`}
            className="timeline-pause"
            style={{ left, width: Math.max(0, scale.x(from) - left) }}
          />,
        );
      }
      if (attempt.error) bar(`${attempt.number}`, from, to, "is-soft", "error", errorLabel(attempt.error));
      else if (isLast && attempt.finished_at === null)
        bar(`${attempt.number}`, from, to, "is-running", "running");
      else {
        const label = `${ordinal(attempt.number)} try`;
        if (!bar(`${attempt.number}`, from, to, "is-soft", view.tone, label)) after = label;
      }
    });
    if (run.state === "RETRYING") {
      const last = attempts.at(-1);
      const left = last?.finished_at ? scale.x(Date.parse(last.finished_at)) : 0;
      parts.push(
        <i
          key="pause"
          className="timeline-pause"
          style={{ left, width: Math.max(0, scale.x(now) - left) }}
        />,
      );
    }
  } else bar("run", start, end, view.isLive ? "is-running" : "", view.tone);
  const x = scale.x(end);
  if (after && x < scale.width - 90)
    parts.push(
      <i key="after" className="timeline-outcome" style={{ left: x + 8 }}>
        {after}
      </i>,
    );
  return <>{parts}</>;
}

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
