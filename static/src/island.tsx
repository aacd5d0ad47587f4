import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";

export interface Island<Data> {
  /** The id of the element it is drawn into; a page without one has no island. */
  host: string;
  /** The id of the page's `json_script` with its data. */
  source: string;
  /** Takes the data; resolves when it can be drawn. */
  begin: (data: Data) => Promise<void>;
  draw: () => ReactNode;
  /** Said in its place when it cannot be drawn: an empty page would look like an empty workflow. */
  apology: string;
}

/** Mounts a React island on the page, where the page has a place for it. */
export function mountIsland<Data>({ host: id, source, begin, draw, apology }: Island<Data>): void {
  const host = document.getElementById(id);
  if (!host) return;
  const confess = (error: unknown): void => {
    console.error(error);
    const words = document.createElement("p");
    words.className = "pane-empty";
    words.role = "alert";
    words.textContent = apology;
    host.replaceChildren(words);
  };
  const mount = async (): Promise<void> => {
    const data = document.getElementById(source);
    if (!data) throw new Error(`The page has no #${source}.`);
    await begin(JSON.parse(data.textContent ?? "") as Data);
    createRoot(host, { onUncaughtError: (error) => queueMicrotask(() => confess(error)) }).render(
      <StrictMode>{draw()}</StrictMode>,
    );
  };
  mount().catch(confess);
}
