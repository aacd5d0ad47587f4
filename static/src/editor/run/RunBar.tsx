import { duration } from "../../app/words.ts";
import { Icon } from "../../canvas/Icon.tsx";
import { STATUS_LOOKS, STATUS_WORDS } from "../../canvas/states.ts";
import { useCanvas } from "../../canvas/store.ts";
import { TERMINAL, type Wait } from "../../canvas/types.ts";
import { useEditor } from "../store.ts";
import { cancel, goOn, release, type Shown, stopShowing, useRun } from "./store.ts";

/** The run that is shown on the canvas: how it stands, and what can be done with it. */
export function RunBar() {
  const shown = useRun((state) => state.shown);
  return shown ? <Bar shown={shown} /> : null;
}

function Bar({ shown }: { shown: Shown }) {
  const status = useCanvas((state) => state.snapshot?.status ?? "NEW");
  const hold = useCanvas((state) => state.snapshot?.hold ?? null);
  const error = useCanvas((state) => state.snapshot?.error ?? null);
  const connection = useCanvas((state) => state.connection);
  const may = useEditor((state) => state.data.may);
  const slug = useEditor((state) => state.data.workspace.slug);
  const stopsAt = useCanvas((state) => {
    const [, id] = state.snapshot?.hold?.nodes?.[0] ?? [];
    return id === undefined ? null : (state.cards[id]?.node.name ?? id);
  });
  const asked = useCanvas((state) => state.snapshot?.waits.find(isQuestion)?.id);
  const isOver = TERMINAL.has(status);
  const look = STATUS_LOOKS[status];
  const isAtBreakpoint = status === "PAUSED" && hold?.by === "breakpoint";
  return (
    <section className="run-bar" aria-label="Run">
      <span className="badge" data-tone={look.tone === "none" ? "neutral" : look.tone} role="status">
        <Icon name={look.icon} size={14} {...(look.icon === "loader-circle" ? { className: "spin" } : {})} />
        {isAtBreakpoint && stopsAt ? `Stopped before “${stopsAt}”` : STATUS_WORDS[status]}
      </span>
      <Elapsed />
      <span className="muted small run-bar-what">
        {shown.mode === "test" ? "Test" : "Run"}
        {shown.isDraft
          ? ""
          : shown.version === null
            ? " of an earlier draft"
            : ` of version ${shown.version}`}
        {connection === "offline" ? ", not live: connecting again" : ""}
      </span>
      {error && isOver ? <ErrorPlace nodeId={error.node_id ?? null} /> : null}
      {asked !== undefined && !isOver && may.interaction_answer ? (
        <a className="btn btn-sm btn-primary" href={`/w/${slug}/inbox/${asked}/`}>
          <Icon name="hand" size={14} />
          Answer
        </a>
      ) : null}
      {isAtBreakpoint && may.execution_cancel ? (
        <>
          <button type="button" className="btn btn-sm" onClick={() => void goOn("step")} title="F10">
            <Icon name="step-forward" size={14} />
            Step
          </button>
          <button
            type="button"
            className="btn btn-sm btn-primary"
            onClick={() => void goOn("continue")}
            title="F8"
          >
            <Icon name="play" size={14} />
            Continue
          </button>
        </>
      ) : null}
      {status === "PAUSED" && hold !== null && !isAtBreakpoint && may.execution_cancel ? (
        <button type="button" className="btn btn-sm" onClick={() => void release()}>
          <Icon name="play" size={14} />
          Go on
        </button>
      ) : null}
      {!isOver && may.execution_cancel ? (
        <button type="button" className="btn btn-sm" onClick={() => void cancel()}>
          <Icon name="ban" size={14} />
          Cancel
        </button>
      ) : null}
      <a className="btn btn-sm" href={`/w/${slug}/executions/${shown.id}/`}>
        <Icon name="list-tree" size={14} />
        Open
      </a>
      <button
        type="button"
        className={shown.isDraft ? "btn btn-sm btn-icon btn-ghost" : "btn btn-sm"}
        aria-label={shown.isDraft ? "Stop showing the run" : "Back to the draft"}
        title={shown.isDraft ? "Stop showing the run" : "Back to the draft"}
        onClick={() => void stopShowing()}
      >
        {shown.isDraft ? <Icon name="x" size={14} /> : "Back to the draft"}
      </button>
    </section>
  );
}

/** A question to people has the id of the wait for its answer. */
const isQuestion = ({ kind, resolved_at }: Wait): boolean =>
  (kind === "human" || kind === "review") && resolved_at === null;

function Elapsed() {
  const text = useCanvas(({ snapshot, now }) => {
    if (!snapshot) return "";
    const began = Date.parse(snapshot.started_at ?? snapshot.created_at);
    const end = snapshot.finished_at ? Date.parse(snapshot.finished_at) : now;
    return duration(end - began);
  });
  return <span className="run-bar-time">{text}</span>;
}

/** Leads to the node a run failed at. */
function ErrorPlace({ nodeId }: { nodeId: string | null }) {
  const name = useCanvas((state) => (nodeId === null ? undefined : state.cards[nodeId]?.node.name));
  const openNode = useEditor((state) => state.show);
  if (nodeId === null || name === undefined) return null;
  return (
    <button type="button" className="btn btn-sm btn-danger" onClick={() => openNode(nodeId)}>
      at “{name}”
    </button>
  );
}
