import { useEditor } from "../store.ts";

/** The node that is open: what comes in, how it is set up, what goes out. */
export function Panel({ nodeId }: { nodeId: string }) {
  const node = useEditor((state) => state.definition.nodes.find(({ id }) => id === nodeId));
  if (!node) return null;
  return (
    <section className="editor-panel" aria-label={node.name}>
      <h2>{node.name}</h2>
    </section>
  );
}
