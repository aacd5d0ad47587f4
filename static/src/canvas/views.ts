import { useShallow } from "zustand/react/shallow";
import { placeOf } from "./family.ts";
import { outerOf } from "./paths.ts";
import { openWait, type Progress, progressOf, runAt, tallyOf } from "./scope.ts";
import {
  type EdgeState,
  edgeOfTallies,
  edgeState,
  figure,
  IDLE,
  type NodeView,
  viewOf,
  viewOfTally,
} from "./states.ts";
import { type CanvasState, runIn, scopeAt, useCanvas } from "./store.ts";
import { ENDED, type Scope, TERMINAL } from "./types.ts";

/** How nodes and connections look now, given which iterations are looked at. */

type Looked = Pick<CanvasState, "snapshot" | "scopes" | "family" | "chosen">;

const LOADING: NodeView = { ...IDLE, state: "PENDING", rest: "Loading" };

/** Whether nothing can happen any more at this path. */
function isOver(state: Looked, path: string): boolean {
  if (!state.snapshot || TERMINAL.has(state.snapshot.status)) return true;
  if (path === "") return false;
  const container = path
    .slice(outerOf(path).length)
    .replace(/^\//, "")
    .replace(/\[\d+\]$/, "");
  const run = runIn(state, container, path);
  return run !== undefined && ENDED.has(run.state);
}

/** The view of a node: of its one run where there is one, else of its runs in all iterations together. */
export function nodeView(state: Looked, id: string, now: number, hasOutcomes: boolean): NodeView {
  if (!state.snapshot) return IDLE;
  const { path, isExact, open } = placeOf(state.family, state.chosen, id);
  const scope = scopeAt(state, path);
  if (!scope) return LOADING;
  if (!isExact) {
    const around = open === null ? undefined : runAt(scope, open, path);
    const isEnded = around !== undefined && ENDED.has(around.state);
    return viewOfTally(tallyOf(scope, id), isEnded || isOver(state, path));
  }
  const around = { isOver: isOver(state, path), wait: openWait(scope, id, path) };
  const view = viewOf(runAt(scope, id, path), around, now, hasOutcomes);
  return view.state === "RUNNING" && state.family.containers.has(id) ? asItsInside(view, scope, id) : view;
}

/** A container in which a person is asked, or everything waits, says so. */
function asItsInside(view: NodeView, scope: Scope, id: string): NodeView {
  const { asked, review, running, waiting } = progressOf(scope, id);
  if (asked)
    return {
      ...view,
      tone: "human",
      icon: "hand",
      word: "Waiting for a person",
      rest: `${figure(asked)} asked`,
    };
  if (review)
    return { ...view, tone: "review", icon: "circle-alert", word: "Needs review", rest: "Needs review" };
  if (waiting && !running)
    return { ...view, tone: "waiting", icon: "hourglass", word: "Waiting", rest: "Waiting" };
  return view;
}

export function useNodeView(id: string, hasOutcomes: boolean): NodeView {
  return useCanvas(useShallow((state) => nodeView(state, id, state.now, hasOutcomes)));
}

/** How many values left a node by each port; null where it is the one run that says which port was taken. */
export function usePorts(id: string): Readonly<Record<string, number>> | null {
  return useCanvas(
    useShallow((state) => {
      const { path, isExact } = placeOf(state.family, state.chosen, id);
      const scope = isExact ? null : scopeAt(state, path);
      return scope ? tallyOf(scope, id).ports : null;
    }),
  );
}

/** The ports by which a node's one run was left; empty for nodes at rest or seen in all iterations together. */
export function useTaken(id: string, ports: readonly string[]): readonly string[] {
  return useCanvas(
    useShallow((state) => {
      const { path, isExact } = placeOf(state.family, state.chosen, id);
      const run = isExact ? runIn(state, id, path) : undefined;
      if (run?.state !== "COMPLETED") return [];
      return ports.filter((port) => run.port === port || run.also?.includes(port) || ports.length === 1);
    }),
  );
}

/** The progress of a container where it is looked at; null outside of runs and while it loads. */
export function progressAt(state: Looked, id: string): Progress | null {
  const { path } = placeOf(state.family, state.chosen, id);
  const scope = scopeAt(state, path);
  return scope ? progressOf(scope, id) : null;
}

export function useProgress(id: string): Progress | null {
  return useCanvas(
    useShallow((state) => {
      const progress = progressAt(state, id);
      // Ports of iterations say nothing, and a fresh object each time would look like a change.
      return progress && { ...progress, ports: NO_PORTS };
    }),
  );
}

const NO_PORTS = {};

/** How a connection looks; both its ends are on one level. */
export function wayState(
  state: Looked,
  from: string,
  port: string,
  to: string,
  isOnlyPort: boolean,
  condition?: string | null,
): EdgeState {
  if (!state.snapshot) return "rest";
  const { path, isExact } = placeOf(state.family, state.chosen, from);
  const scope = scopeAt(state, path);
  if (!scope) return "idle";
  if (isExact) return edgeState(runAt(scope, from, path), port, runAt(scope, to, path), condition);
  return edgeOfTallies(tallyOf(scope, from), port, tallyOf(scope, to), isOnlyPort);
}
