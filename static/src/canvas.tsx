import "./styles/canvas.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Island } from "./canvas/Island.tsx";
import { begin } from "./canvas/store.ts";
import type { CanvasData } from "./canvas/types.ts";

/** Mounts the canvas on `#canvas` with the data of the `json_script` it names in `data-source`. */
async function mount(): Promise<void> {
  const host = document.getElementById("canvas");
  if (!host) return;
  const source = document.getElementById(host.dataset.source ?? "canvas-data");
  if (!source) throw new Error(`#canvas names the data “${host.dataset.source}”, which is not on the page.`);
  await begin(JSON.parse(source.textContent ?? "") as CanvasData);
  createRoot(host).render(
    <StrictMode>
      <Island />
    </StrictMode>,
  );
}

void mount();
