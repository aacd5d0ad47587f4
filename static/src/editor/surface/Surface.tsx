import { ReactFlowProvider } from "@xyflow/react";
import { useEffect } from "react";
import { useIsNarrow } from "../../canvas/windowed.ts";
import { useEditor } from "../store.ts";
import { Bar } from "./Bar.tsx";
import { Choosing } from "./Choosing.tsx";
import { ContextMenu } from "./ContextMenu.tsx";
import { registerSurfaceCommands } from "./commands.ts";
import { Flow } from "./Flow.tsx";
import { Hint } from "./Hint.tsx";
import { Nothing } from "./Nothing.tsx";
import { Search } from "./Search.tsx";

registerSurfaceCommands();

/** The canvas on which the workflow is drawn. */
export function Surface() {
  const isNarrow = useIsNarrow();
  const isEmpty = useEditor((state) => (state.looking ?? state.definition).nodes.length === 0);
  useEffect(() => {
    // On a phone one looks; who may only look anywhere stays so on a wide screen.
    const { isLocked, looking, data } = useEditor.getState();
    if (looking !== null) return;
    const isToBe = isNarrow || data.may.workflow_update === false;
    if (isLocked !== isToBe) useEditor.setState({ isLocked: isToBe });
  }, [isNarrow]);
  return (
    <section className="editor-surface" aria-label="Canvas">
      <ReactFlowProvider>
        <Flow />
        {isEmpty ? <Nothing /> : null}
        <Bar />
        <Search />
        <Hint />
        <Choosing />
        <ContextMenu />
      </ReactFlowProvider>
    </section>
  );
}
