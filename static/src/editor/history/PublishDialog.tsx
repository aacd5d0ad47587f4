import { type FormEvent, useState } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import { ask } from "../api.ts";
import { Dialog } from "../Dialog.tsx";
import { isSame } from "../document/diff.ts";
import { reasonOf, say } from "../notices.ts";
import { useEditor } from "../store.ts";
import { saved } from "../sync/saving.ts";
import { activate } from "../topbar/acts.ts";
import { Changes } from "./Changes.tsx";
import { usePublished } from "./published.ts";
import { useHistory } from "./store.ts";

/** Makes the draft a version: what changed, what the lint says, a note, and whether it goes live. */
export function PublishDialog() {
  const close = useHistory((state) => state.closePublish);
  const { version, status } = useEditor((state) => state.workflow);
  const findings = useEditor((state) => state.findings);
  const difference = usePublished();
  const [note, setNote] = useState("");
  const [isLive, setLive] = useState(true);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const errors = findings.filter(({ severity }) => severity === "error");
  const warnings = findings.filter(({ severity }) => severity === "warning");
  const isActive = status === "active";
  const isOld = difference !== null && isSame(difference) && (isActive || !isLive);

  const publish = async (): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    try {
      await saved();
      const { data } = useEditor.getState();
      const answer = await ask<{ version: { number: number } }>("POST", `${data.api}publish/`, { note });
      const { number } = answer.version;
      useEditor.setState((state) => ({
        workflow: { ...state.workflow, version: number, has_unpublished_changes: false },
      }));
      if (isActive || !isLive) {
        say(isActive ? `Version ${number} is live` : `Version ${number} is published`, "success");
        close();
      } else if (await activate()) close();
      else setBusy(false);
    } catch (error) {
      setRefusal(reasonOf(error));
      setBusy(false);
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void publish();
  };

  return (
    <Dialog
      title={version === null ? "Publish this workflow" : "Publish a new version"}
      isWide
      onClose={close}
    >
      <form className="publish" onSubmit={onSubmit}>
        {errors.length > 0 ? <Findings findings={errors} title="Mend these first" tone="error" /> : null}
        <section>
          <h3 className="label">
            {version === null ? "It is the first version" : `Since version ${version}`}
          </h3>
          {version === null ? (
            <p className="muted">It becomes version 1. Later versions say here what is different.</p>
          ) : difference === null ? (
            <p className="muted">Comparing</p>
          ) : (
            <Changes difference={difference} />
          )}
        </section>
        <div className="field">
          <label htmlFor="publish-note">
            What changed, in your words<span>optional</span>
          </label>
          <textarea
            id="publish-note"
            className="textarea"
            maxLength={10_000}
            rows={2}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </div>
        {warnings.length > 0 ? <Findings findings={warnings} title="Worth a look" tone="human" /> : null}
        {isActive ? (
          <p className="muted small">It is live: what starts from now on runs the new version.</p>
        ) : (
          <label className="check">
            <input
              type="checkbox"
              checked={isLive}
              onChange={(event) => setLive(event.currentTarget.checked)}
            />
            <span>Activate it: its triggers start it from now on</span>
          </label>
        )}
        {refusal ? (
          <div className="callout" data-tone="error" role="alert">
            <Icon name="circle-x" />
            <p>{refusal}</p>
          </div>
        ) : null}
        <div className="dialog-actions">
          <button type="button" className="btn btn-ghost" onClick={close}>
            Not now
          </button>
          <button type="submit" className="btn btn-primary" disabled={isBusy || errors.length > 0 || isOld}>
            {isBusy ? <Icon name="loader-circle" className="spin" /> : null}
            {!isActive && isLive ? "Publish and activate" : "Publish version"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Findings({
  findings,
  title,
  tone,
}: {
  findings: ReturnType<typeof useEditor.getState>["findings"];
  title: string;
  tone: "error" | "human";
}) {
  const show = useEditor((state) => state.show);
  const nodes = useEditor((state) => state.definition.nodes);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const close = useHistory((state) => state.closePublish);
  return (
    <details className="publish-group" open={tone === "error" || findings.length < 4}>
      <summary className="label">
        <Icon name="chevron-right" size={14} />
        {title}: {findings.length}
      </summary>
      <ul className="publish-findings">
        {findings.map((finding) => (
          <li key={`${finding.path} ${finding.code} ${finding.message}`} data-tone={tone}>
            <Icon name={tone === "error" ? "circle-x" : "triangle-alert"} size={14} />
            <span>
              {names.has(finding.node_id) ? <b>{names.get(finding.node_id)}: </b> : null}
              {finding.message} {finding.fix ? <span className="muted">{finding.fix}</span> : null}
            </span>
            {finding.node_id ? (
              <button
                type="button"
                className="btn btn-sm"
                onClick={() => {
                  close();
                  show(finding.node_id);
                }}
              >
                Show
              </button>
            ) : null}
          </li>
        ))}
      </ul>
    </details>
  );
}
