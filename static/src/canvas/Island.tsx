import { useState } from "react";
import { Board } from "./Board.tsx";
import { Detail } from "./Detail.tsx";
import { Panel } from "./Panel.tsx";
import { useCanvas } from "./store.ts";
import { Timeline } from "./Timeline.tsx";

/** The whole island: the graph with its panel, or a run with its timeline and the detail of one step. */
export function Island() {
  const mode = useCanvas((state) => state.mode);
  const announcement = useCanvas((state) => state.announcement);
  return (
    <>
      {mode === "workflow" ? <WorkflowView /> : <ExecutionView />}
      <div className="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

function WorkflowView() {
  return (
    <div className="island island-workflow">
      <Board />
      <Panel />
    </div>
  );
}

const VIEWS = ["Steps", "Canvas", "Step"] as const;

function ExecutionView() {
  const selected = useCanvas((state) => state.selected);
  const name = useCanvas((state) =>
    state.selected === null ? null : (state.cards[state.selected]?.node.name ?? null),
  );
  const connection = useCanvas((state) => state.connection);
  const [view, setView] = useState<(typeof VIEWS)[number]>("Steps");
  // On a phone, choosing a step opens it; the one that is chosen to begin with does not.
  const [seen, setSeen] = useState<string | null>(selected);
  if (selected !== seen) {
    setSeen(selected);
    if (selected !== null) setView("Step");
  }
  return (
    <div className="island island-execution" data-view={view}>
      {/* One column at a time below 900 px. */}
      <div className="island-switch">
        <div className="segmented">
          {VIEWS.map((other) => (
            <button key={other} type="button" aria-pressed={view === other} onClick={() => setView(other)}>
              {other === "Step" ? (name ?? "Step") : other}
            </button>
          ))}
        </div>
      </div>
      <div className="island-board">
        <Board />
        {connection === "offline" || connection === "connecting" ? (
          <div className="island-connection" role="status">
            {connection === "offline" ? "Not live, connecting again" : "Connecting"}
          </div>
        ) : null}
      </div>
      <Timeline />
      <Detail />
    </div>
  );
}
