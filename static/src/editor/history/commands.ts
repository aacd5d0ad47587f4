/** What can be done with versions by keys and from the command list. */

import { registerCommands } from "../commands.ts";
import { useEditor } from "../store.ts";
import { closeHistory, openHistory, useHistory } from "./store.ts";

export function registerHistoryCommands(): void {
  registerCommands([
    {
      id: "workflow.publish",
      title: "Publish",
      group: "Workflow",
      keys: ["mod+shift+p"],
      icon: "rocket",
      isPossible: () => {
        const { data, workflow, definition, looking } = useEditor.getState();
        const isOn = Boolean(data.may.workflow_update) && workflow.status !== "archived";
        return isOn && definition.nodes.length > 0 && looking === null;
      },
      run: () => useHistory.getState().openPublish(),
    },
    {
      id: "workflow.history",
      title: "Show versions and what changed",
      group: "Workflow",
      keys: ["h"],
      icon: "history",
      run: () => (useHistory.getState().isOpen ? closeHistory() : openHistory()),
    },
  ]);
}

/** Opens the versions where the page's address asks for it: `?compare=3`, or `?compare` for what is live. Call once. */
export function beginHistory(): void {
  const wanted = new URL(location.href).searchParams.get("compare");
  if (wanted !== null) void openHistory(/^\d+$/.test(wanted) ? Number(wanted) : undefined);
}
