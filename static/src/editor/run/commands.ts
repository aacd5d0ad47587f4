/** What can be done with runs by keys and from menus. */

import { useCanvas } from "../../canvas/store.ts";
import { registerCommands } from "../commands.ts";
import { useEditor } from "../store.ts";
import {
  askFirst,
  goOn,
  stopShowing,
  testAll,
  testNode,
  testTo,
  toggleBreakpoints,
  useRun,
} from "./store.ts";

const mayRun = (): boolean => {
  const { data, workflow, definition } = useEditor.getState();
  const isOn = Boolean(data.may.workflow_execute) && workflow.status !== "archived";
  return isOn && definition.nodes.length > 0 && !useRun.getState().isStarting;
};

/** The one node that is chosen or open. */
function theNode(): string | null {
  const { open, selection } = useEditor.getState();
  const [first, ...others] = selection.nodes;
  return others.length > 0 ? null : (first ?? open);
}

const isStopped = (): boolean => {
  const { snapshot } = useCanvas.getState();
  return snapshot?.status === "PAUSED" && snapshot.hold?.by === "breakpoint";
};

export function registerRunCommands(): void {
  registerCommands([
    {
      id: "run.test",
      title: "Test the workflow",
      group: "Run",
      keys: ["t"],
      icon: "play",
      isPossible: mayRun,
      run: () => testAll(),
    },
    {
      id: "run.choose",
      title: "Test with another trigger or input",
      group: "Run",
      keys: ["shift+t"],
      icon: "braces",
      isPossible: mayRun,
      run: () => askFirst(),
    },
    {
      id: "run.to",
      title: "Test to this node",
      group: "Run",
      keys: ["mod+shift+Enter"],
      icon: "step-forward",
      isPossible: () => mayRun() && theNode() !== null && useEditor.getState().looking === null,
      run: () => testTo(theNode() as string),
    },
    {
      id: "run.node",
      title: "Test this node alone",
      group: "Run",
      keys: ["mod+Enter"],
      icon: "play",
      isPossible: () => mayRun() && theNode() !== null && useEditor.getState().looking === null,
      run: () => testNode(theNode() as string),
    },
    {
      id: "run.breakpoint",
      title: "Stop test runs before this node, or no longer",
      group: "Run",
      keys: ["b"],
      icon: "octagon-pause",
      isPossible: () => useEditor.getState().selection.nodes.size > 0 || useEditor.getState().open !== null,
      run: () => {
        const { selection, open } = useEditor.getState();
        toggleBreakpoints(selection.nodes.size > 0 ? [...selection.nodes] : open === null ? [] : [open]);
      },
    },
    {
      id: "run.continue",
      title: "Go on to the next breakpoint",
      group: "Run",
      keys: ["F8"],
      icon: "play",
      isPossible: isStopped,
      run: () => goOn("continue"),
    },
    {
      id: "run.step",
      title: "Go on by one node",
      group: "Run",
      keys: ["F10"],
      icon: "step-forward",
      isPossible: isStopped,
      run: () => goOn("step"),
    },
    {
      id: "run.hide",
      title: "Stop showing the run",
      group: "Run",
      icon: "x",
      isPossible: () => useRun.getState().shown !== null,
      run: stopShowing,
    },
  ]);
}
