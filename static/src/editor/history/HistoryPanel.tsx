import { exactTime, relativeTime } from "../../app/words.ts";
import { Icon } from "../../canvas/Icon.tsx";
import { count } from "../document/diff.ts";
import { useEditor } from "../store.ts";
import { Changes } from "./Changes.tsx";
import { closeHistory, compare, more, restore, type Side, useHistory, type Version } from "./store.ts";

/** The versions of the workflow beside the canvas, on which two of them are compared. */
export function HistoryPanel() {
  const isOpen = useHistory((state) => state.isOpen);
  return isOpen ? <Opened /> : null;
}

function Opened() {
  const { versions, next, problem, pair, difference } = useHistory();
  const live = useEditor((state) => (state.workflow.status === "active" ? state.workflow.version : null));
  const mayRestore = useEditor((state) => Boolean(state.data.may.workflow_update));
  const openNode = useEditor((state) => state.show);
  return (
    <aside className="history-panel" aria-label="History">
      <header className="pane-head">
        <h2>History</h2>
        <button type="button" className="btn btn-sm push" onClick={() => void closeHistory()}>
          Back to the draft
        </button>
      </header>
      {problem ? (
        <p className="pane-empty" role="alert">
          {problem}
        </p>
      ) : null}
      {pair ? (
        <section className="history-compare">
          <div className="row">
            <Choice
              label="From"
              side={pair.from}
              versions={versions}
              onChoose={(side) => void compare(side, pair.to)}
            />
            <Icon name="arrow-right" size={14} />
            <Choice
              label="To"
              side={pair.to}
              versions={versions}
              onChoose={(side) => void compare(pair.from, side)}
            />
          </div>
          <div className="history-changes">
            {difference === null ? (
              problem ? null : (
                <p className="muted">Comparing</p>
              )
            ) : (
              <>
                {count(difference) > 0 ? (
                  <p className="history-legend">
                    <span data-kind="added">Added</span>
                    <span data-kind="changed">Changed</span>
                    <span data-kind="removed">Removed</span>
                  </p>
                ) : null}
                <Changes difference={difference} onShow={openNode} />
              </>
            )}
          </div>
        </section>
      ) : null}
      {versions.length === 0 && !problem ? (
        <p className="pane-empty">
          No version yet. Publishing keeps the draft as a version that never changes; executions always say
          which one they ran.
        </p>
      ) : null}
      <ol className="history-list">
        {versions.map((version) => (
          <li key={version.id} aria-current={pair?.from === version.number ? "true" : undefined}>
            <button
              type="button"
              className="history-version"
              onClick={() => void compare(version.number, "draft")}
            >
              <span className="row">
                <b>Version {version.number}</b>
                {live === version.number ? (
                  <span className="badge" data-status="ACTIVE">
                    <Icon name="circle-check" size={14} />
                    Live
                  </span>
                ) : null}
              </span>
              {version.note ? <span className="history-note">{version.note}</span> : null}
              <span className="muted small" title={exactTime(new Date(version.published_at))}>
                {version.published_by}, {relativeTime(new Date(version.published_at), new Date())}
              </span>
            </button>
            {mayRestore ? (
              <button type="button" className="btn btn-sm" onClick={() => void restore(version.number)}>
                <Icon name="rotate-ccw" size={14} />
                Restore
                <span className="visually-hidden"> version {version.number}</span>
              </button>
            ) : null}
          </li>
        ))}
      </ol>
      {next ? (
        <button type="button" className="btn btn-sm history-more" onClick={() => void more(next)}>
          Older ones
        </button>
      ) : null}
    </aside>
  );
}

function Choice({
  label,
  side,
  versions,
  onChoose,
}: {
  label: string;
  side: Side;
  versions: readonly Version[];
  onChoose: (side: Side) => void;
}) {
  return (
    <select
      className="select"
      aria-label={label}
      value={side}
      onChange={(event) => {
        const { value } = event.currentTarget;
        onChoose(value === "draft" ? "draft" : Number(value));
      }}
    >
      <option value="draft">Draft</option>
      {versions.map(({ number }) => (
        <option key={number} value={number}>
          Version {number}
        </option>
      ))}
    </select>
  );
}
