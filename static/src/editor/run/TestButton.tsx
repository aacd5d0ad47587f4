import { useState } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import { ask } from "../api.ts";
import { sayRefused } from "../notices.ts";
import { useEditor } from "../store.ts";
import { saved } from "../sync/saving.ts";

/** Runs the draft. */
export function TestButton() {
  const isPossible = useEditor(
    (state) => state.workflow.status !== "archived" && state.definition.nodes.length > 0,
  );
  const [isBusy, setBusy] = useState(false);
  const test = async (): Promise<void> => {
    const { data } = useEditor.getState();
    setBusy(true);
    try {
      await saved();
      const started = await ask<{ id: string }>("POST", `${data.api}test/`, {});
      location.assign(`/w/${data.workspace.slug}/executions/${started.id}/`);
    } catch (error) {
      setBusy(false);
      sayRefused("The test did not start", error);
    }
  };
  return (
    <button
      type="button"
      className="btn workflow-bar-test"
      disabled={!isPossible || isBusy}
      onClick={() => void test()}
    >
      <Icon name={isBusy ? "loader-circle" : "play"} {...(isBusy ? { className: "spin" } : {})} />
      <span>Test</span>
      <span className="kbd" aria-hidden="true">
        T
      </span>
    </button>
  );
}
