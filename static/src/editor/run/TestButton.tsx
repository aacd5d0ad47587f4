import { Icon } from "../../canvas/Icon.tsx";
import { Menu, MenuItem } from "../Dialog.tsx";
import { useEditor } from "../store.ts";
import { RecentRuns } from "./RecentRuns.tsx";
import { askFirst, setBreakpoints, testAll, useRun } from "./store.ts";

/** Tests the draft; the menu beside it has other ways to run it, and the latest runs. */
export function TestButton() {
  const isPossible = useEditor(
    (state) => state.workflow.status !== "archived" && state.definition.nodes.length > 0,
  );
  const isBusy = useRun((state) => state.isStarting);
  const stops = useRun((state) => state.breakpoints.length);
  return (
    <div className="split-button">
      <button
        type="button"
        className="btn workflow-bar-test"
        disabled={!isPossible || isBusy}
        onClick={() => void testAll()}
      >
        <Icon name={isBusy ? "loader-circle" : "play"} {...(isBusy ? { className: "spin" } : {})} />
        <span>Test</span>
        <span className="kbd" aria-hidden="true">
          T
        </span>
      </button>
      <Menu
        label="Other ways to run it, and the latest runs"
        summary={<Icon name="chevron-down" size={14} />}
      >
        {isPossible ? (
          <>
            <MenuItem icon="braces" keys="Shift T" onChoose={() => askFirst()}>
              Choose trigger and input
            </MenuItem>
            <MenuItem icon="step-forward" onChoose={() => void testAll({ isStepping: true })}>
              Test step by step
            </MenuItem>
          </>
        ) : null}
        {stops > 0 ? (
          <MenuItem icon="circle-slash" onChoose={() => setBreakpoints([])}>
            Take away {stops === 1 ? "the breakpoint" : `${stops} breakpoints`}
          </MenuItem>
        ) : null}
        <RecentRuns />
      </Menu>
    </div>
  );
}
