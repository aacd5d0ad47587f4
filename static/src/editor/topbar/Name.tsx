import { type KeyboardEvent, useState } from "react";
import { useEditor } from "../store.ts";
import { rename } from "./acts.ts";

const LONGEST = 200;

/** The workflow's name; a click lets it be written anew, where that is allowed. */
export function Name() {
  const name = useEditor((state) => state.workflow.name);
  const mayRename = useEditor((state) => Boolean(state.data.may.workflow_update));
  const [written, setWritten] = useState<string | null>(null);
  if (written === null)
    return (
      <h1 title={name}>
        {mayRename ? (
          <button
            type="button"
            className="workflow-name"
            aria-label={`Rename “${name}”`}
            onClick={() => setWritten(name)}
          >
            {name}
          </button>
        ) : (
          name
        )}
      </h1>
    );
  const keep = (): void => {
    setWritten(null);
    const wanted = written.trim();
    if (wanted && wanted !== name) void rename(wanted);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Enter") keep();
    if (event.key === "Escape") setWritten(null);
  };
  return (
    <h1 className="is-written">
      <input
        className="workflow-name"
        aria-label="Name of the workflow"
        maxLength={LONGEST}
        value={written}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setWritten(event.currentTarget.value)}
        onBlur={keep}
        onKeyDown={onKeyDown}
      />
    </h1>
  );
}
