import { Board } from "../../canvas/Board.tsx";

/** The canvas on which the workflow is drawn. */
export function Surface() {
  return (
    <section className="editor-surface" aria-label="Canvas">
      <Board />
    </section>
  );
}
