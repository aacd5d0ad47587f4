import { useEffect } from "react";
import { duration, exactTime } from "../../app/words.ts";
import { ErrorView, Figure, LogView, Pickers } from "../../canvas/Detail.tsx";
import { AgainFromHere } from "../../canvas/Here.tsx";
import { Icon } from "../../canvas/Icon.tsx";
import { PayloadView } from "../../canvas/PayloadView.tsx";
import { lengthOf, ordinal } from "../../canvas/states.ts";
import { payloadKey, runIn, subjectOf, useCanvas } from "../../canvas/store.ts";
import { TraceView } from "../../canvas/TraceView.tsx";
import { useNodeView } from "../../canvas/views.ts";
import { useEditor } from "../store.ts";

/** What one node did in the run that is shown: with which parameters, in how many tries, what it said and failed with. */
export function RunTab({ nodeId }: { nodeId: string }) {
  const hasRun = useCanvas((state) => state.snapshot !== null);
  return hasRun ? (
    <NodeRunView nodeId={nodeId} />
  ) : (
    <p className="pane-empty">Test the workflow, or choose one of its runs, to see what this node did.</p>
  );
}

/** Whether a run is shown in which this node did something: then its tab is worth a look. */
export const useHasRun = (nodeId: string): boolean =>
  useCanvas((state) => {
    const run = runIn(state, nodeId, subjectOf(state, nodeId) ?? "");
    return run !== undefined && run.state !== "PENDING";
  });

function NodeRunView({ nodeId }: { nodeId: string }) {
  const ports = useEditor((state) => state.nodePorts[nodeId]?.length ?? 1);
  const path = useCanvas((state) => subjectOf(state, nodeId));
  const isAgent = useCanvas((state) => Boolean(state.cards[nodeId]?.dock));
  const view = useNodeView(nodeId, ports > 1);
  const live = useCanvas((state) => (path === null ? undefined : runIn(state, nodeId, path)));
  const payload = useCanvas((state) =>
    path === null ? undefined : state.payloads[payloadKey(nodeId, path)],
  );
  const now = useCanvas((state) => (live && live.finished_at === null ? state.now : 0));
  // It is loaded again when the node comes to another state.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (path !== null) void useCanvas.getState().loadPayload(nodeId, path);
  }, [nodeId, path, live?.state]);
  if (path === null)
    return (
      <div className="run-tab">
        <Pickers id={nodeId} />
        <p className="muted">It ran once for each item. Choose one to see what it did with it.</p>
      </div>
    );
  if (!live || live.state === "PENDING") return <p className="pane-empty">It has not begun in this run.</p>;
  if (live.state === "SKIPPED")
    return <p className="pane-empty">It was skipped: the run took another way.</p>;
  const run = payload?.status === "ready" ? payload.run : undefined;
  const error = run?.error?.message ? run.error : (live.error ?? null);
  const length = lengthOf(live, now);
  const tries = (run?.attempts ?? live.attempts ?? []).filter((attempt) => attempt.error);
  return (
    <div className="run-tab">
      <Pickers id={nodeId} />
      <div className="row">
        <span className="badge" data-tone={view.tone === "none" ? "neutral" : view.tone}>
          <Icon
            name={view.icon}
            size={14}
            {...(view.icon === "loader-circle" ? { className: "spin" } : {})}
          />
          {view.word}
        </span>
        <AgainFromHere id={nodeId} />
      </div>
      <dl className="figures is-small">
        {live.started_at ? (
          <Figure
            name="Began"
            value={new Date(live.started_at).toLocaleTimeString("en-GB")}
            title={exactTime(new Date(live.started_at))}
          />
        ) : null}
        <Figure
          name={live.finished_at ? "Took" : "So far"}
          value={length === null ? "–" : duration(length)}
        />
        <Figure
          name="Tries"
          value={
            live.max_attempts
              ? `${Math.max(1, live.attempt)} of ${live.max_attempts}`
              : String(Math.max(1, live.attempt))
          }
        />
        <Figure name="Outcome" value={live.port ?? "–"} />
      </dl>
      {error ? <ErrorView error={error} run={run} /> : null}
      {!error && tries.length > 0 ? (
        <section>
          <h3 className="label">Tries before</h3>
          <ol className="run-tries">
            {tries.map((attempt) => (
              <li key={attempt.number}>
                {ordinal(attempt.number)} try: {attempt.error?.message ?? attempt.error?.code}
              </li>
            ))}
          </ol>
        </section>
      ) : null}
      {isAgent ? <TraceView nodeId={nodeId} path={path} /> : null}
      <section>
        <h3 className="label">Parameters, as they were resolved</h3>
        {payload?.status === "failed" ? (
          <p className="pane-empty">{payload.message}</p>
        ) : run?.params === undefined || run.params === null ? (
          <p className="muted">{payload?.status === "loading" ? "Loading" : "None are recorded."}</p>
        ) : (
          <PayloadView value={run.params} root="" name="parameters" empty="None were resolved." />
        )}
      </section>
      <section>
        <h3 className="label">Log</h3>
        <LogView lines={run?.logs ?? []} />
      </section>
    </div>
  );
}
