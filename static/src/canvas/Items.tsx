import { useEffect, useRef, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { duration } from "../app/words.ts";
import { placeOf } from "./family.ts";
import { Icon } from "./Icon.tsx";
import { choose, type Goal, need, needOfState } from "./iterations.ts";
import { GOALS } from "./LoopBox.tsx";
import { indexOf, isIterationOf } from "./paths.ts";
import { openInside, standing } from "./scope.ts";
import { figure, viewOf } from "./states.ts";
import { listKey, scopeAt, useCanvas } from "./store.ts";
import type { Iteration, NodeRun } from "./types.ts";
import { useProgress } from "./views.ts";
import { useIsNarrow, useWindowed } from "./windowed.ts";

type Filter = Goal | "all";

/** The iterations of a container as a list, all or those in one state, to choose one from. */
export function Items({ container }: { container: string }) {
  const progress = useProgress(container);
  const outer = useCanvas((state) => placeOf(state.family, state.chosen, container).path);
  const [wanted, setFilter] = useState<Filter>("all");
  if (!progress) return null;
  const filter = wanted !== "all" && progress[wanted] === 0 ? "all" : wanted;
  if (progress.begun === 0) return <p className="pane-empty">No item has begun.</p>;
  return (
    <div className="items">
      <div className="items-filters">
        <div className="segmented">
          <button type="button" aria-pressed={filter === "all"} onClick={() => setFilter("all")}>
            All {figure(progress.begun)}
          </button>
          {GOALS.filter(({ goal }) => progress[goal] > 0).map(({ goal, word }) => (
            <button key={goal} type="button" aria-pressed={filter === goal} onClick={() => setFilter(goal)}>
              {figure(progress[goal])} {word}
            </button>
          ))}
        </div>
      </div>
      {filter === "all" ? (
        <AllItems container={container} outer={outer} count={progress.begun} />
      ) : (
        <SomeItems key={filter} container={container} outer={outer} goal={filter} count={progress[filter]} />
      )}
    </div>
  );
}

function AllItems({ container, outer, count }: { container: string; outer: string; count: number }) {
  const rows = useCanvas((state) => state.lists[listKey(container, outer)]);
  const open = useOpen(container, outer);
  const scroller = useRef<HTMLDivElement>(null);
  const height = useIsNarrow() ? 44 : 32;
  const [first, last] = useWindowed(scroller, count, height);
  useEffect(() => {
    if (last >= first) need(container, outer, first, last);
  }, [container, outer, first, last]);
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  return (
    <div className="items-scroll" ref={scroller}>
      <ol style={{ height: count * height, paddingTop: first * height }}>
        {shown.map((index) => (
          <ItemRow key={index} container={container} index={index} row={open.get(index) ?? rows?.[index]} />
        ))}
      </ol>
    </div>
  );
}

function SomeItems({
  container,
  outer,
  goal,
  count,
}: {
  container: string;
  outer: string;
  goal: Goal;
  count: number;
}) {
  const state = goal === "failed" ? "FAILED" : "COMPLETED";
  const isSettled = goal === "failed" || goal === "done";
  const rows = useCanvas((canvas) => canvas.lists[listKey(container, outer, state)]);
  const open = useOpen(container, outer, isSettled ? undefined : goal);
  const found: (Iteration | NodeRun)[] = isSettled ? Object.values(rows ?? {}) : [...open.values()];
  const missing = isSettled ? count - found.length : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: more are asked for when there are more.
  useEffect(() => {
    if (isSettled && found.length === 0) void needOfState(container, outer, state);
  }, [container, outer, state, isSettled, count]);
  return (
    <div className="items-scroll">
      <ol>
        {found.map((row) => (
          <ItemRow key={row.path} container={container} index={indexOf(row.path)} row={row} />
        ))}
      </ol>
      {missing > 0 && found.length > 0 ? (
        <button
          type="button"
          className="btn btn-sm items-more"
          onClick={() => void needOfState(container, outer, state)}
        >
          Show more
        </button>
      ) : null}
    </div>
  );
}

/** The iterations that are open now by their index, in order; with `goal` those that stand so. */
function useOpen(container: string, outer: string, goal?: Goal): Map<number, NodeRun> {
  const open = useCanvas(
    useShallow((state) => {
      const scope = scopeAt(state, outer);
      return scope
        ? openInside(scope, container).filter(
            (run) =>
              isIterationOf(run.path, container) &&
              (goal === undefined || standing(scope, run.path) === goal),
          )
        : [];
    }),
  );
  return new Map(open.map((run) => [indexOf(run.path), run] as const).sort(([a], [b]) => a - b));
}

function ItemRow({
  container,
  index,
  row,
}: {
  container: string;
  index: number;
  row: Iteration | NodeRun | undefined;
}) {
  const isChosen = useCanvas((state) => state.chosen[container] === index);
  const view = useCanvas(
    useShallow((state) => {
      if (!row) return null;
      const run = { ...row, node_id: container, attempt: 1 };
      const view = viewOf(run, { isOver: true }, row.finished_at ? 0 : state.now, false);
      const scope = row.finished_at
        ? null
        : scopeAt(state, placeOf(state.family, state.chosen, container).path);
      const goal = scope && GOALS.find((one) => one.goal === standing(scope, row.path));
      return goal ? { ...view, tone: goal.tone, icon: goal.icon, word: WORDS[goal.goal] } : view;
    }),
  );
  const started = row?.started_at;
  const took =
    started && row.finished_at
      ? duration(Date.parse(row.finished_at) - Date.parse(started))
      : (view?.lead ?? "");
  return (
    <li>
      <button
        type="button"
        className="item"
        aria-pressed={isChosen}
        data-tone={view?.tone ?? "none"}
        onClick={() => choose(container, isChosen ? null : index)}
      >
        <span className="item-number">{figure(index + 1)}</span>
        {view ? (
          <>
            <span className="item-state">
              <Icon
                name={view.icon}
                size={14}
                {...(view.icon === "loader-circle" ? { className: "spin" } : {})}
              />
              {view.word}
            </span>
            <span className="item-error truncate-line">{row?.error?.message ?? row?.error?.code}</span>
            <span className="item-took">{took}</span>
          </>
        ) : (
          <span className="item-skeleton" aria-hidden="true" />
        )}
      </button>
    </li>
  );
}

const WORDS: Record<Goal, string> = {
  done: "Done",
  failed: "Failed",
  running: "Running",
  waiting: "Waiting",
  asked: "Waiting for a person",
  review: "Needs review",
};
