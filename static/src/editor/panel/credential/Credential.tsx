import { useCallback, useEffect, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { ask } from "../../api.ts";
import { useEditor } from "../../store.ts";
import { useForm } from "../form/context.ts";
import { type InputProps, Scalar } from "../form/Scalars.tsx";
import type { Control } from "../form/schema.ts";
import { objectOf } from "../form/values.ts";
import { NewCredential } from "./NewCredential.tsx";

export interface CredentialRow {
  id: string;
  name: string;
  type: string;
  type_name: string;
  is_verified: boolean;
  test_message: string;
  is_due: boolean;
  may: { use: boolean; manage: boolean };
}

type Props = InputProps & { control: Extract<Control, { kind: "credential" }>; path: string };

/** One of the workspace's credentials that is good for this, or a new one, made here. */
export function Credential({ control, id, described, label, value, onChange, field }: Props) {
  const { isReadOnly } = useForm();
  const slug = useEditor((state) => state.data.workspace.slug);
  const [rows, setRows] = useState<CredentialRow[] | null>(null);
  const [trouble, setTrouble] = useState("");
  const [isMaking, setMaking] = useState(false);
  const [isPlain, setPlain] = useState(typeof value === "string");
  const { use, none, text } = control;
  const load = useCallback(async (): Promise<void> => {
    try {
      const found = await ask<{ results: CredentialRow[] }>(
        "GET",
        `/api/v1/app/credentials/?page_size=200&use=${encodeURIComponent(use)}`,
      );
      setRows(found.results);
      setTrouble("");
    } catch (error) {
      setRows([]);
      setTrouble((error as Error).message);
    }
  }, [use]);
  useEffect(() => void load(), [load]);

  const now = objectOf(value);
  const chosen = typeof now.credential === "string" ? now.credential : "";
  const row = rows?.find((each) => each.id === chosen);
  const take = (found: Pick<CredentialRow, "id" | "name" | "type">): void =>
    onChange({ kind: "credential", credential: found.id, name: found.name, type: found.type } as Json);
  const empty = (): void => onChange(none === undefined || field.default !== undefined ? undefined : none);
  if (text && isPlain)
    return (
      <>
        <Scalar id={id} label={label} described={described} field={text} value={value} onChange={onChange} />
        <p className="form-unused">
          This secret stands in the workflow, where everybody who may read it can see it.{" "}
          {isReadOnly ? null : (
            <button
              type="button"
              className="link"
              onClick={() => {
                setPlain(false);
                onChange(undefined);
              }}
            >
              Use a credential instead
            </button>
          )}
        </p>
      </>
    );
  return (
    <>
      <div className="form-credential">
        <select
          className="select"
          id={id}
          aria-label={label}
          aria-describedby={described}
          value={chosen}
          disabled={isReadOnly || rows === null}
          onChange={(event) => {
            const found = rows?.find((each) => each.id === event.target.value);
            if (found) take(found);
            else empty();
          }}
        >
          <option value="">{rows === null ? "Loading…" : none ? "None" : "Choose a credential"}</option>
          {chosen && rows && !row ? (
            <option value={chosen}>{String(now.name || "Unknown credential")} (not there)</option>
          ) : null}
          {rows?.map((each) => (
            <option key={each.id} value={each.id} disabled={!each.may.use && each.id !== chosen}>
              {each.may.use ? each.name : `${each.name} (not yours to use)`}
            </option>
          ))}
        </select>
        {isReadOnly ? null : (
          <button type="button" className="btn" onClick={() => setMaking(true)}>
            <Icon name="plus" />
            New
          </button>
        )}
      </div>
      {text && !isReadOnly && !chosen ? (
        <p className="help">
          <button type="button" className="link" onClick={() => setPlain(true)}>
            Write the secret here instead
          </button>
        </p>
      ) : null}
      <p className="form-credential-state">
        {trouble ? <span className="field-error">{trouble}</span> : null}
        {chosen && rows && !row && !trouble ? (
          <span className="field-error">
            <Icon name="circle-alert" size={12} />
            This credential does not exist here, or is somebody else’s. Choose another one.
          </span>
        ) : null}
        {row && !row.may.use ? (
          <span className="field-error">
            <Icon name="circle-alert" size={12} />
            You may not use this credential. Ask who made it to share it with you.
          </span>
        ) : null}
        {row?.may.use ? (
          <span className={row.is_verified ? "help" : "field-error"} data-severity="warning">
            <Icon name={row.is_verified ? "circle-check" : "triangle-alert"} size={12} />
            {row.type_name}
            {row.is_verified ? ", works" : ", not tested"}
            {row.is_due ? ", due for a new secret" : ""} ·{" "}
            <a className="link" href={`/w/${slug}/integrations/${row.id}/`} target="_blank" rel="noreferrer">
              Open
            </a>
          </span>
        ) : null}
      </p>
      {isMaking ? (
        <NewCredential
          use={use}
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            setRows((before) => [made, ...(before ?? [])]);
            take(made);
          }}
          onElsewhere={() => void load()}
        />
      ) : null}
    </>
  );
}
