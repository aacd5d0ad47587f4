/** The ways out of trouble with saving: what their buttons do. */

import { showToast } from "../../app/toasts.ts";
import { ask } from "../api.ts";
import { useEditor } from "../store.ts";
import { saveNow } from "./saving.ts";
import { troubleOf, useSaving, type Way } from "./state.ts";

export async function act(way: Way["act"]): Promise<void> {
  switch (way) {
    case "again":
      return saveNow();
    case "sign_in":
      window.open(`/accounts/login/?next=${encodeURIComponent(location.pathname)}`, "_blank", "noopener");
      return;
    case "reload":
      return location.reload();
    case "download":
      return download();
    case "undo":
      return useEditor.getState().undo();
    case "save_as_new":
      return saveAsNew();
  }
}

/** The workflow as a file that can be imported. */
function download(): void {
  const { workflow, definition } = useEditor.getState();
  const text = JSON.stringify(
    { name: workflow.name, description: workflow.description, definition },
    null,
    2,
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${workflow.name.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase() || "workflow"}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function saveAsNew(): Promise<void> {
  const { workflow, definition, data } = useEditor.getState();
  const body = {
    name: `${workflow.name} (copy)`.slice(0, 100),
    description: workflow.description,
    definition,
  };
  try {
    const made = await ask<{ id: string }>("POST", "/api/v1/app/workflows/", body);
    // What is on the screen is kept there now.
    useEditor.setState({ saved: definition });
    location.assign(`/w/${data.workspace.slug}/workflows/${made.id}/`);
  } catch (error) {
    const trouble = troubleOf(error);
    showToast({ tone: "error", text: `Not saved: ${trouble.reason}`, detail: trouble.detail });
    if (useSaving.getState().trouble === null) saveNow();
  }
}
