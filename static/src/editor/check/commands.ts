/** What can be done with findings by keys. */

import { registerCommands } from "../commands.ts";
import { useEditor } from "../store.ts";
import { goTo, mend, shownOf, useCheck } from "./store.ts";

const shown = () => shownOf(useEditor.getState().findings, useCheck.getState().hidden);
let last = -1;

export function registerCheckCommands(): void {
  registerCommands([
    {
      id: "check.list",
      title: "Show errors and warnings",
      group: "Workflow",
      keys: ["e"],
      icon: "triangle-alert",
      run: () => useCheck.setState(({ isOpen }) => ({ isOpen: !isOpen })),
    },
    {
      id: "check.next",
      title: "Go to the next error or warning",
      group: "Workflow",
      keys: ["."],
      icon: "arrow-right",
      isPossible: () => shown().length > 0,
      run: () => {
        const all = shown();
        last = (last + 1) % all.length;
        const finding = all[last];
        if (finding) goTo(finding);
      },
    },
    {
      id: "check.mend",
      title: "Mend the node as the lint offers",
      group: "Workflow",
      keys: ["mod+."],
      icon: "wrench",
      isPossible: () => !useEditor.getState().isLocked && firstFix() !== undefined,
      run: () => {
        const fix = firstFix();
        if (fix) mend(fix);
      },
    },
  ]);
}

/** The first thing that can be done about the open or chosen node, else about the draft. */
function firstFix() {
  const { open, selection } = useEditor.getState();
  const here = open ?? [...selection.nodes][0];
  const all = shown().filter(({ fixes }) => fixes?.length);
  const finding = here === undefined ? all[0] : all.find(({ node_id }) => node_id === here);
  return finding?.fixes?.[0];
}
