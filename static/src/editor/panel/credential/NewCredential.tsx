import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { Icon, Tile } from "../../../canvas/Icon.tsx";
import type { Finding, Json } from "../../../canvas/types.ts";
import { ask, Problem } from "../../api.ts";
import { useEditor } from "../../store.ts";
import { FormProvider } from "../form/context.ts";
import { Help } from "../form/Help.tsx";
import { Members } from "../form/Members.tsx";
import { type Schema, sourceOf } from "../form/schema.ts";
import { isMissing } from "../form/values.ts";
import type { CredentialRow } from "./Credential.tsx";

interface CredentialType {
  type: string;
  name: string;
  summary: string;
  icon: string;
  /** The flow that brings the rest in another window; "": none. */
  obtained: string;
  fields_schema: Schema;
}

interface Props {
  use: string;
  onMade: (made: CredentialRow) => void;
  onClose: () => void;
  /** Called when something may have been made in another tab. */
  onElsewhere: () => void;
}

/** A new credential: its type, its fields, tested by the server before it is kept. */
export function NewCredential({ use, onMade, onClose, onElsewhere }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [types, setTypes] = useState<CredentialType[] | null>(null);
  const [type, setType] = useState<CredentialType | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    dialog.current?.showModal();
    ask<{ results: CredentialType[] }>(
      "GET",
      `/api/v1/app/credential-types/?use=${encodeURIComponent(use)}`,
    ).then(
      ({ results }) => {
        setTypes(results);
        if (results.length === 1) setType(results[0] ?? null);
      },
      (error: unknown) => setTrouble((error as Error).message),
    );
  }, [use]);
  return (
    <dialog
      ref={dialog}
      className="dialog credential-dialog"
      aria-labelledby={title}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header className="credential-head">
        {type && types && types.length > 1 ? (
          <button
            type="button"
            className="btn btn-ghost btn-icon btn-sm"
            aria-label="Another type"
            onClick={() => setType(null)}
          >
            <Icon name="arrow-left" />
          </button>
        ) : null}
        <h2 id={title}>{type ? type.name : "New credential"}</h2>
        <button
          type="button"
          className="btn btn-ghost btn-icon btn-sm push"
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <Icon name="x" />
        </button>
      </header>
      {trouble ? <p className="field-error credential-body">{trouble}</p> : null}
      {type === null ? (
        <ul className="credential-types">
          {types?.map((each) => (
            <li key={each.type}>
              <button type="button" onClick={() => setType(each)}>
                <Tile type="EXTERNAL_ACTION" icon={each.icon} isSmall />
                <span>
                  <b>{each.name}</b>
                  <span className="muted small">
                    <Help text={each.summary} />
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <CredentialForm key={type.type} type={type} onMade={onMade} onElsewhere={onElsewhere} />
      )}
    </dialog>
  );
}

function CredentialForm({
  type,
  onMade,
  onElsewhere,
}: {
  type: CredentialType;
  onMade: (made: CredentialRow) => void;
  onElsewhere: () => void;
}) {
  const workspace = useEditor((state) => state.data.workspace.slug);
  const mayShare = useEditor((state) => state.data.may.credential_manage === true);
  const [name, setName] = useState(type.name);
  const [fields, setFields] = useState<Schema>({});
  const [isPrivate, setPrivate] = useState(!mayShare);
  const [isTried, setTried] = useState(false);
  const needed = (type.fields_schema.required ?? []) as string[];
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [trouble, setTrouble] = useState("");
  const canKeepUntested =
    refused !== null && /^integrations\.(credential_refused|not_tested)/.test(refused.code);
  const findings: Finding[] = (refused?.errors ?? []).map(({ path, message }) => ({
    severity: "error",
    code: refused?.code ?? "",
    path: path.startsWith("fields") ? path : `fields.${path}`,
    node_id: "",
    message,
    fix: "",
  }));
  const save = async (event: FormEvent | null, isUntested: boolean): Promise<void> => {
    event?.preventDefault();
    setTried(true);
    if (needed.some((field) => isMissing(fields[field]))) return;
    setBusy(true);
    setRefused(null);
    setTrouble("");
    try {
      onMade(
        await ask<CredentialRow>("POST", "/api/v1/app/credentials/", {
          name,
          type: type.type,
          fields: fields as Json,
          scope: isPrivate ? "user" : "workspace",
          allow_unverified: isUntested,
        }),
      );
    } catch (error) {
      if (error instanceof Problem) setRefused(error);
      setTrouble((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  if (type.obtained)
    return (
      <div className="credential-body stack">
        <p className="soft">
          {type.name} is connected by signing in there, on a page of its own. When that is done, choose it
          here.
        </p>
        <p className="row">
          <a
            className="btn btn-primary"
            href={`/w/${workspace}/integrations/new/${type.type}/`}
            target="_blank"
            rel="noreferrer"
            onClick={() => window.addEventListener("focus", onElsewhere, { once: true })}
          >
            <Icon name="external-link" />
            Connect in a new tab
          </a>
        </p>
      </div>
    );
  return (
    <form className="credential-body" onSubmit={(event) => void save(event, false)} autoComplete="off">
      <label className="field">
        <span className="field-label">Name</span>
        <input
          className="input"
          value={name}
          maxLength={100}
          required
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <FormProvider
        value={{
          nodeId: "",
          source: sourceOf(type.fields_schema),
          findings,
          isReadOnly: isBusy,
          isCalm: !isTried,
        }}
      >
        <Members
          schema={type.fields_schema}
          path="fields"
          value={fields}
          onChange={(next) => setFields(next)}
        />
      </FormProvider>
      {mayShare ? (
        <label className="form-switch">
          <input
            type="checkbox"
            role="switch"
            className="switch"
            checked={isPrivate}
            aria-checked={isPrivate}
            onChange={(event) => setPrivate(event.target.checked)}
          />
          Only for me
        </label>
      ) : null}
      {trouble ? (
        <div className="callout" data-tone="error" role="alert">
          <Icon name="circle-alert" />
          <p>{trouble}</p>
        </div>
      ) : null}
      <div className="form-actions">
        <button type="submit" className="btn btn-primary" disabled={isBusy || !name.trim()}>
          {isBusy ? "Testing…" : "Test and save"}
        </button>
        {canKeepUntested ? (
          <button type="button" className="btn" disabled={isBusy} onClick={() => void save(null, true)}>
            Save without a test
          </button>
        ) : null}
      </div>
    </form>
  );
}
