import "./styles/canvas.css";
import { Island } from "./canvas/Island.tsx";
import { begin } from "./canvas/store.ts";
import { mountIsland } from "./island.tsx";

mountIsland({
  host: "canvas",
  source: "canvas-data",
  begin,
  draw: () => <Island />,
  apology: "This could not be drawn. Reload the page; if it stays so, the browser’s console says why.",
});
