import { memo, type ReactNode } from "react";
import { useShallow } from "zustand/react/shallow";
import { duration } from "../app/words.ts";
import { ancestorsOf } from "./family.ts";
import { Icon, Tile } from "./Icon.tsx";
import { choose } from "./iterations.ts";
import { farOf, GOALS } from "./LoopBox.tsx";
import { iterationPath } from "./paths.ts";
import { progressOf, runAt, standing } from "./scope.ts";
import { endOf, errorLabel, figure, type NodeView, ordinal, startOf, viewOf, waitLook } from "./states.ts";
import { listKey, scopeAt, useCanvas } from "./store.ts";
import type { ItemRow, StepRow } from "./timeline-rows.ts";
import type { Scale } from "./timeline-scale.ts";
import { ENDED, type Iteration, type NodeRun, TERMINAL } from "./types.ts";
import { nodeView } from "./views.ts";

/** Room a label needs inside its bar: padding and characters. */
const LABEL_PADDING = 14;
const NARROWEST = 4;
const CHARACTER = 6.4;

interface RowProps<T> {
  row: T;
  scale: Scale;
  /** The end of what is open; 0 for what is over, so that the clock draws nothing anew. */
  now: number;
  isSelected: boolean;
}

/** A step at one level: its attempts, waits and outcome; of a container its iterations as marks. */
export const StepLine = memo(function StepLine({
  row,
  scale,
  now,
  isSelected,
  onUnfold,
}: RowProps<StepRow> & { onUnfold: (key: string) => void }) {
  const { run } = row;
  const card = useCanvas((state) => state.cards[row.id]);
  const select = useCanvas((state) => state.select);
  const isOver = useCanvas((state) => !state.snapshot || TERMINAL.has(state.snapshot.status));
  const inside = useCanvas(
    useShallow((state) => (row.isContainer && row.path === "" ? nodeView(state, row.id, 0, false) : null)),
  );
  if (!card) return null;
  const own = viewOf(run, { isOver, wait: row.wait }, now || Date.now(), card.ports.length > 1);
  const view = inside ? { ...own, tone: inside.tone, icon: inside.icon, word: inside.word } : own;
  const isKept = run?.kept_from !== undefined && run.kept_from !== null;
  const length =
    run?.started_at && !isKept ? duration(endOf(run, now) - Date.parse(run.started_at)) : view.word;
  return (
    <button
      type="button"
      className="timeline-row"
      aria-pressed={isSelected}
      {...(row.isContainer ? { "aria-expanded": row.isUnfolded } : {})}
      data-tone={view.tone}
      data-state={view.state}
      data-kept={isKept || undefined}
      onClick={() => {
        if (row.isContainer && (isSelected || !row.isUnfolded)) onUnfold(row.key);
        select(row.id);
      }}
    >
      <span className="timeline-name" data-depth={Math.min(row.depth, 4)}>
        {row.isContainer ? (
          <Icon
            name={row.isUnfolded ? "chevron-down" : "chevron-right"}
            size={12}
            className="timeline-chevron"
          />
        ) : null}
        <Tile type={card.node.type} icon={card.entry?.icon ?? "box"} isSmall />
        <span className="truncate-line">{card.node.name}</span>
      </span>
      <span className="timeline-plot">
        {run?.started_at && row.isContainer && !isKept ? (
          <LoopBars row={row} run={run} scale={scale} now={now} view={view} />
        ) : null}
        {run?.started_at && !row.isContainer && !isKept ? (
          <Bars row={row} run={run} scale={scale} now={now} view={view} hasOutcomes={card.ports.length > 1} />
        ) : null}
      </span>
      <End length={length} view={view} />
    </button>
  );
});

function End({ length, view }: { length: string; view: Pick<NodeView, "word" | "icon"> }) {
  return (
    <span className="timeline-end">
      {length}
      <span className="visually-hidden">, {view.word}</span>
      <Icon name={view.icon} size={14} {...(view.icon === "loader-circle" ? { className: "spin" } : {})} />
    </span>
  );
}

/** One iteration of an unfolded container. */
export const ItemLine = memo(function ItemLine({ row, scale, now, isSelected }: RowProps<ItemRow>) {
  const { container, outer, index } = row;
  const found = useCanvas((state): Iteration | NodeRun | undefined => {
    const scope = scopeAt(state, outer);
    const path = iterationPath(outer, container, index);
    return (
      (scope ? runAt(scope, container, path) : undefined) ?? state.lists[listKey(container, outer)]?.[index]
    );
  });
  const goal = useCanvas((state) => {
    const scope = found && !ENDED.has(found.state) ? scopeAt(state, outer) : null;
    return scope && found ? standing(scope, found.path) : null;
  });
  const open = GOALS.find((one) => one.goal === goal);
  const run: NodeRun | undefined = found && { node_id: container, attempt: 1, ...found };
  const view = run && viewOf(run, { isOver: true }, now || Date.now(), false);
  const tone = open?.tone ?? view?.tone ?? "none";
  const start = run && startOf(run);
  return (
    <button
      type="button"
      className="timeline-row is-item"
      aria-pressed={isSelected}
      data-tone={tone}
      onClick={() => {
        const { family, selected, select } = useCanvas.getState();
        choose(container, isSelected ? null : index);
        const isInside = selected !== null && ancestorsOf(family, selected).includes(container);
        if (!isInside) select(container);
      }}
    >
      <span className="timeline-name" data-depth={Math.min(row.depth, 4)}>
        <span className="truncate-line">Item {figure(index + 1)}</span>
      </span>
      <span className="timeline-plot">
        {run && start !== null && start !== undefined && endOf(run, now) >= beginOf(scale) ? (
          <Bar
            from={start}
            to={endOf(run, now)}
            scale={scale}
            kind={open?.goal === "running" ? "is-thin is-running" : open ? "is-thin is-wait" : "is-thin"}
            tone={tone}
          />
        ) : null}
      </span>
      {view && start !== null && start !== undefined && run ? (
        <End
          length={duration(endOf(run, now) - start)}
          view={{ word: open?.word ?? view.word, icon: open?.icon ?? view.icon }}
        />
      ) : (
        <span className="timeline-end" />
      )}
    </button>
  );
});

/** When the run began: an iteration that ended before was kept from another one. */
const beginOf = (scale: Scale): number => scale.stretches[0]?.from ?? 0;

function extent(from: number, to: number, scale: Scale): { left: number; width: number } {
  const left = Math.min(scale.x(from), scale.width - NARROWEST);
  return { left, width: Math.max(NARROWEST, scale.x(to) - left) };
}

function hasRoom(label: string, width: number, symbol = ""): boolean {
  return label !== "" && width > LABEL_PADDING + label.length * CHARACTER + (symbol ? 16 : 0);
}

function Bar({
  from,
  to,
  scale,
  kind,
  tone,
  label = "",
  symbol = "",
}: {
  from: number;
  to: number;
  scale: Scale;
  kind: string;
  tone: string;
  label?: string;
  symbol?: string;
}) {
  const { left, width } = extent(from, to, scale);
  return (
    <i className={`timeline-bar ${kind}`} data-tone={tone} style={{ left, width }}>
      {hasRoom(label, width, symbol) ? (
        <span>
          {symbol ? <Icon name={symbol} size={12} /> : null}
          {label}
        </span>
      ) : null}
    </i>
  );
}

/** Marks of so many iterations are drawn at most; there are only so many pixels. */
const MOST_MARKS = 120;
const MARK_ROOM = 4;

/** A container as one bar; where its iterations ended there are marks, the failed ones in red. */
function LoopBars({ row, run, scale, now, view }: Omit<BarsProps, "hasOutcomes">) {
  const { id, path } = row;
  const words = useCanvas((state) => {
    const scope = scopeAt(state, path);
    if (!scope) return "";
    const progress = progressOf(scope, id);
    return progress.failed ? `${farOf(progress)}, ${figure(progress.failed)} failed` : farOf(progress);
  });
  // Of a long loop only some rows are known; their marks alone would tell a wrong story.
  const known = useCanvas((state) => {
    const scope = scopeAt(state, path);
    return scope && progressOf(scope, id).begun <= MOST_MARKS ? state.lists[listKey(id, path)] : undefined;
  });
  const failed = useCanvas((state) => state.lists[listKey(id, path, "FAILED")]);
  const start = startOf(run) ?? 0;
  const end = endOf(run, now);
  const marks = [...Object.values(known ?? {}), ...Object.values(failed ?? {})]
    .filter((one) => one.finished_at !== null && Date.parse(one.finished_at) >= beginOf(scale))
    .slice(-MOST_MARKS);
  const { left, width } = extent(start, end, scale);
  // Where ends would stand shoulder to shoulder, only those that failed are marked.
  const isDense = marks.length * MARK_ROOM > width;
  const isInside = hasRoom(words, width);
  return (
    <>
      <i className="timeline-bar is-loop" data-tone={view.tone} style={{ left, width }} />
      {marks.map((one) =>
        isDense && one.state !== "FAILED" ? null : (
          <i
            key={`${one.index} ${one.state}`}
            className="timeline-mark"
            data-tone={one.state === "FAILED" ? "error" : "success"}
            style={{ left: scale.x(Date.parse(one.finished_at ?? "")) }}
          />
        ),
      )}
      {isInside ? (
        <i className="timeline-words" style={{ left, width }}>
          <span>{words}</span>
        </i>
      ) : left + width < scale.width - 90 ? (
        <i className="timeline-outcome" style={{ left: left + width + 8 }}>
          {words}
        </i>
      ) : null}
    </>
  );
}

interface BarsProps {
  row: StepRow;
  run: NodeRun;
  scale: Scale;
  now: number;
  view: NodeView;
  hasOutcomes: boolean;
}

/** Shorter work around a wait, in milliseconds, is what asking takes. */
const LEAST_WORK = 200;

function Bars({ row, run, scale, now, view, hasOutcomes }: BarsProps) {
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
    parts.push(
      <Bar
        key={key}
        from={from}
        to={to}
        scale={scale}
        kind={kind}
        tone={tone}
        label={label}
        symbol={symbol}
      />,
    );
    return hasRoom(label, extent(from, to, scale).width, symbol);
  };
  const pause = (key: string, from: number, to: number): void => {
    const left = scale.x(from);
    parts.push(
      <i key={key} className="timeline-pause" style={{ left, width: Math.max(0, scale.x(to) - left) }} />,
    );
  };
  /** What stands behind the last bar: the outcome, or a label that had no room inside. */
  let after: string | null = run.state === "COMPLETED" && hasOutcomes ? (run.port ?? null) : null;
  if (row.waits.length > 0) {
    let rested = start;
    for (const wait of row.waits) {
      const from = Date.parse(wait.opened_at);
      const to = wait.resolved_at ? Date.parse(wait.resolved_at) : end;
      const look = waitLook(wait.kind);
      // An agent works before it asks, and goes on afterwards.
      if (from - rested >= LEAST_WORK) bar(`before ${wait.id}`, rested, from, "", "success");
      bar(wait.id, from, to, "is-wait", look.tone, duration(to - from), look.icon);
      rested = Math.max(rested, to);
    }
    if (end - rested >= LEAST_WORK) bar("rest", rested, end, view.isLive ? "is-running" : "", view.tone);
  } else if (attempts.length > 1) {
    attempts.forEach((attempt, index) => {
      const from = Date.parse(attempt.started_at ?? "");
      const to = attempt.finished_at ? Date.parse(attempt.finished_at) : end;
      const isLast = index === attempts.length - 1;
      const before = attempts[index - 1];
      if (before?.finished_at) pause(`pause ${attempt.number}`, Date.parse(before.finished_at), from);
      if (attempt.error) bar(`${attempt.number}`, from, to, "is-soft", "error", errorLabel(attempt.error));
      else if (isLast && attempt.finished_at === null)
        bar(`${attempt.number}`, from, to, "is-running", "running");
      else {
        const label = `${ordinal(attempt.number)} try`;
        if (!bar(`${attempt.number}`, from, to, "is-soft", view.tone, label)) after = label;
      }
    });
    const last = attempts.at(-1);
    if (run.state === "RETRYING")
      pause("pause", last?.finished_at ? Date.parse(last.finished_at) : start, now);
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
