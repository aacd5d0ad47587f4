import { useEffect } from "react";
import { Detail } from "../../canvas/Detail.tsx";
import { Icon } from "../../canvas/Icon.tsx";
import { useCanvas } from "../../canvas/store.ts";
import { useEditor } from "../store.ts";

/** A node of what is looked at in the place of the draft: what it got and gave back in the run that is shown. */
export function LookPanel({ nodeId }: { nodeId: string }) {
  const name = useCanvas((state) => state.cards[nodeId]?.node.name);
  const hasRun = useCanvas((state) => state.snapshot !== null);
  const close = useEditor((state) => state.show);
  useEffect(() => {
    const { selected, select } = useCanvas.getState();
    if (selected !== nodeId) select(nodeId);
  }, [nodeId]);
  if (name === undefined || !hasRun) return null;
  return (
    <section className="editor-panel look-panel" aria-label={name}>
      <Detail />
      <button
        type="button"
        className="btn btn-ghost btn-icon btn-sm look-panel-close"
        aria-label="Close"
        onClick={() => close(null)}
      >
        <Icon name="x" />
      </button>
    </section>
  );
}
