import "./styles/canvas.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Island } from "./canvas/Island.tsx";
import { begin } from "./canvas/store.ts";
import type { CanvasData } from "./canvas/types.ts";

/** Mounts the canvas on `host` with the data of the `json_script` it names in `data-source`. */
async function mount(host: HTMLElement): Promise<void> {
  const source = document.getElementById(host.dataset.source ?? "canvas-data");
  if (!source) throw new Error(`#canvas names the data “${host.dataset.source}”, which is not on the page.`);
  await begin(JSON.parse(source.textContent ?? "") as CanvasData);
  createRoot(host, { onUncaughtError: (error) => queueMicrotask(() => confess(host, error)) }).render(
    <StrictMode>
      <Island />
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
    "This could not be drawn. Reload the page; if it stays so, the browser’s console says why.";
  host.replaceChildren(words);
}

const host = document.getElementById("canvas");
if (host) mount(host).catch((error: unknown) => confess(host, error));
