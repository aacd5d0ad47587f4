/** What is done with the workflow as a whole. Each says what became of it. */

import { ask } from "../api.ts";
import { say, sayRefused } from "../notices.ts";
import { useEditor } from "../store.ts";
import { saved } from "../sync/saving.ts";
import type { WorkflowInfo } from "../types.ts";

/** What the API says about a workflow, as far as the bar shows it. */
interface Answer {
  id: string;
  name: string;
  status: WorkflowInfo["status"];
  version: { number: number } | null;
  has_unpublished_changes: boolean;
}

function take(answer: Answer): void {
  const { name, status, version, has_unpublished_changes } = answer;
  useEditor.setState((state) => ({
    workflow: {
      ...state.workflow,
      name,
      status,
      version: version?.number ?? null,
      has_unpublished_changes,
    },
  }));
}

/** Gives the workflow another name, at once on the screen. */
export async function rename(name: string): Promise<void> {
  const { data, workflow } = useEditor.getState();
  const put = (to: string): void =>
    useEditor.setState((state) => ({ workflow: { ...state.workflow, name: to } }));
  put(name);
  try {
    put((await ask<Answer>("PATCH", data.api, { name })).name);
  } catch (error) {
    put(workflow.name);
    sayRefused("The name was not kept", error);
  }
}

/** Switches its triggers on. Publishes the draft where nothing has been published. Says whether it was done. */
export async function activate(): Promise<boolean> {
  return act("activate", (name) => `“${name}” is live`, "It was not activated");
}

export async function pause(): Promise<boolean> {
  return act("pause", (name) => `“${name}” is paused: its triggers start nothing`, "It was not paused");
}

export async function archive(): Promise<boolean> {
  return act("archive", (name) => `“${name}” is archived`, "It was not archived");
}

async function act(verb: string, done: (name: string) => string, refused: string): Promise<boolean> {
  try {
    const answer = await ask<Answer>("POST", `${useEditor.getState().data.api}${verb}/`);
    take(answer);
    say(done(answer.name), "success");
    return true;
  } catch (error) {
    sayRefused(refused, error);
    return false;
  }
}

/** Makes another workflow of the draft as it is, and goes there. */
export async function duplicate(): Promise<void> {
  try {
    await saved();
    const { data } = useEditor.getState();
    const made = await ask<{ id: string }>("POST", `${data.api}duplicate/`);
    location.assign(`/w/${data.workspace.slug}/workflows/${made.id}/`);
  } catch (error) {
    sayRefused("No copy was made", error);
  }
}

/** Takes the workflow away for good, and goes to the list. */
export async function remove(): Promise<void> {
  const { data } = useEditor.getState();
  try {
    await ask("DELETE", data.api);
    location.assign(`/w/${data.workspace.slug}/workflows/`);
  } catch (error) {
    sayRefused("It was not deleted", error);
  }
}
