import { useEffect } from "react";
import { Check } from "./check/Check.tsx";
import { HistoryPanel } from "./history/HistoryPanel.tsx";
import { Palette } from "./palette/Palette.tsx";
import { ConnectionPanel } from "./panel/ConnectionPanel.tsx";
import { Panel } from "./panel/Panel.tsx";
import { LookPanel } from "./run/LookPanel.tsx";
import { RunBar } from "./run/RunBar.tsx";
import { TestDialog } from "./run/TestDialog.tsx";
import { useEditor } from "./store.ts";
import { Surface } from "./surface/Surface.tsx";
import { Notices } from "./sync/Notices.tsx";
import { People } from "./sync/People.tsx";
import { TopBar } from "./topbar/TopBar.tsx";

/** The whole editor: bar, palette, canvas, and below it the panel of the node that is open. */
export function Editor() {
  const isLocked = useEditor((state) => state.isLocked);
  const isLooking = useEditor((state) => state.looking !== null);
  const open = useEditor((state) => state.open);
  const name = useEditor((state) => state.workflow.name);
  useEffect(() => {
    document.title = `${name} · AgentFlow`;
  }, [name]);
  return (
    <div className="editor">
      <TopBar />
      {isLocked ? null : <Palette />}
      <Surface />
      <Notices />
      <People />
      <Check />
      <HistoryPanel />
      <RunBar />
      {open === null ? null : isLooking ? (
        <LookPanel key={open} nodeId={open} />
      ) : (
        <Panel key={open} nodeId={open} />
      )}
      <ConnectionPanel />
      <TestDialog />
    </div>
  );
}
