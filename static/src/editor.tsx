import "./styles/canvas.css";
import "./styles/editor.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
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

/** Mounts the editor on `host` with the data of the page's `json_script`. */
async function mount(host: HTMLElement): Promise<void> {
  const source = document.getElementById("editor-data");
  if (!source) throw new Error("The page has no #editor-data.");
  begin(JSON.parse(source.textContent ?? "") as EditorData);
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
  createRoot(host, { onUncaughtError: (error) => queueMicrotask(() => confess(host, error)) }).render(
    <StrictMode>
      <Editor />
    </StrictMode>,
  );
}

/** Says on the page that it could not be drawn: an empty page would look like an empty workflow. */
function confess(host: HTMLElement, error: unknown): void {
  console.error(error);
  const words = document.createElement("p");
  words.className = "pane-empty";
  words.role = "alert";
  words.textContent =
    "The editor stopped. Nothing that was saved is lost: reload the page. If it stays so, the browser’s console says why.";
  host.replaceChildren(words);
}

const host = document.getElementById("editor");
if (host) mount(host).catch((error: unknown) => confess(host, error));
