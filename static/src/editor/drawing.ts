/** Keeps what `canvas/` draws in step with the draft: the canvas is a view, the draft is the truth. */

import { drawDefinition } from "../canvas/store.ts";
import { useEditor } from "./store.ts";

/** Draws the draft now and whenever it changes. Resolves when it is drawn for the first time. */
export async function keepDrawn(): Promise<void> {
  const { data, definition, nodePorts } = useEditor.getState();
  await drawDefinition({ definition, node_types: data.node_types, node_ports: nodePorts });
  useEditor.subscribe((now, before) => {
    if (now.definition === before.definition && now.nodePorts === before.nodePorts) return;
    void drawDefinition({
      definition: now.definition,
      node_types: now.data.node_types,
      node_ports: now.nodePorts,
    });
  });
}
