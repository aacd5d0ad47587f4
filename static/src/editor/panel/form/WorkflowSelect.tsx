import { useEffect, useState } from "react";
import { ask } from "../../api.ts";
import { useEditor } from "../../store.ts";
import { useForm } from "./context.ts";
import type { InputProps } from "./Scalars.tsx";

interface Known {
  id: string;
  name: string;
}

let asked: Promise<Known[]> | null = null;

/** The workflows of the workspace, asked for once. */
export function useWorkflows(): readonly Known[] | null {
  const [found, setFound] = useState<Known[] | null>(null);
  useEffect(() => {
    let isGone = false;
    asked ??= ask<{ results: Known[] }>("GET", "/api/v1/app/workflows/?page_size=200")
      .then(({ results }) => results)
      .catch((error: unknown) => {
        asked = null;
        throw error;
      });
    asked.then(
      (rows) => {
        if (!isGone) setFound(rows);
      },
      () => {
        if (!isGone) setFound([]);
      },
    );
    return () => {
      isGone = true;
    };
  }, []);
  return found;
}

/** One of the workspace's workflows, by its id; a name that was written stays as it is. */
export function WorkflowSelect({ id, label, described, value, onChange, field }: InputProps) {
  const { isReadOnly } = useForm();
  const known = useWorkflows();
  const own = useEditor((state) => state.workflow?.id);
  const set = typeof value === "string" ? value : "";
  const isKnown = known?.some((row) => row.id === set) ?? false;
  return (
    <select
      className="select"
      id={id}
      aria-label={label}
      aria-describedby={described}
      value={set}
      disabled={isReadOnly || known === null}
      onChange={(event) => onChange(event.target.value || (field.isNullable ? undefined : ""))}
    >
      <option value="">{known === null ? "Loading…" : "Choose a workflow"}</option>
      {set && !isKnown ? <option value={set}>{set}</option> : null}
      {known?.map((row) => (
        <option key={row.id} value={row.id}>
          {row.id === own ? `${row.name} (this one)` : row.name}
        </option>
      ))}
    </select>
  );
}
