import "./styles/canvas.css";
import "./styles/editor.css";
import { registerCheckCommands } from "./editor/check/commands.ts";
import { beginCheck } from "./editor/check/store.ts";
import { keepDrawn } from "./editor/drawing.ts";
import { Editor } from "./editor/Editor.tsx";
import { startEditing } from "./editor/editing.ts";
import { beginHistory, registerHistoryCommands } from "./editor/history/commands.ts";
import { startKeys } from "./editor/keys.ts";
import { registerRunCommands } from "./editor/run/commands.ts";
import { beginRuns } from "./editor/run/store.ts";
import { begin } from "./editor/store.ts";
import { startPresence } from "./editor/sync/presence.ts";
import { startSaving } from "./editor/sync/saving.ts";
import type { EditorData } from "./editor/types.ts";
import { mountIsland } from "./island.tsx";

/** Everything that must stand before the editor is drawn. */
async function start(data: EditorData): Promise<void> {
  begin(data);
  startSaving();
  startPresence();
  startEditing();
  startKeys();
  await document.fonts.ready;
  await keepDrawn();
  registerRunCommands();
  registerHistoryCommands();
  beginHistory();
  registerCheckCommands();
  beginCheck();
  beginRuns();
}

mountIsland({
  host: "editor",
  source: "editor-data",
  begin: start,
  draw: () => <Editor />,
  apology:
    "The editor stopped. Nothing that was saved is lost: reload the page. If it stays so, the browser’s console says why.",
});
