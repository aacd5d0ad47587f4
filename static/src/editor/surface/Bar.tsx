import { useViewport } from "@xyflow/react";
import { Icon } from "../../canvas/Icon.tsx";
import { runCommand } from "../commands.ts";
import { useEditor } from "../store.ts";

/** At the foot of the canvas: back and forth, size, order, search. */
export function Bar() {
  const isLocked = useEditor((state) => state.isLocked);
  const undoes = useEditor((state) => state.history.past.at(-1)?.label);
  const redoes = useEditor((state) => state.history.future[0]?.label);
  return (
    <div className="board-foot">
      <div className="board-bar" role="toolbar" aria-label="Canvas">
        {isLocked ? null : (
          <>
            <Tool
              icon="undo-2"
              name={undoes ? `Undo ${low(undoes)}` : "Undo"}
              isOff={!undoes}
              run={useEditor.getState().undo}
            />
            <Tool
              icon="redo-2"
              name={redoes ? `Redo ${low(redoes)}` : "Redo"}
              isOff={!redoes}
              run={useEditor.getState().redo}
            />
            <i />
          </>
        )}
        <Tool icon="minus" name="Zoom out" run={() => runCommand("canvas.zoom_out")} />
        <Percent />
        <Tool icon="plus" name="Zoom in" run={() => runCommand("canvas.zoom_in")} />
        <Tool icon="maximize" name="Zoom to fit" run={() => runCommand("canvas.fit")} />
        <i />
        <Tool icon="search" name="Find on the canvas" run={() => runCommand("canvas.search")} />
        {isLocked ? null : (
          <>
            <Tool icon="sticky-note" name="Add a note" run={() => runCommand("canvas.note")} />
            <button type="button" className="board-tidy" onClick={() => runCommand("canvas.tidy")}>
              <Icon name="layout-grid" />
              Tidy up
            </button>
          </>
        )}
      </div>
    </div>
  );
}

const low = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function Tool({
  icon,
  name,
  isOff = false,
  run,
}: {
  icon: string;
  name: string;
  isOff?: boolean;
  run: () => unknown;
}) {
  return (
    <button type="button" aria-label={name} title={name} disabled={isOff} onClick={() => void run()}>
      <Icon name={icon} />
    </button>
  );
}

function Percent() {
  const { zoom } = useViewport();
  return (
    <button
      type="button"
      className="board-zoom"
      title="Zoom to 100%"
      onClick={() => runCommand("canvas.zoom_100")}
    >
      {Math.round(zoom * 100)}%
    </button>
  );
}
