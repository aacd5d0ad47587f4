/** Looking at something else than the draft, on the same canvas: another version, how two differ, a run of an old one. */

import { drawDefinition, useCanvas } from "../canvas/store.ts";
import type { CanvasData, Definition } from "../canvas/types.ts";
import { useEditor } from "./store.ts";

/** Whether the canvas was locked before anything else than the draft was looked at. */
let wasLocked = false;

/**
 * Draws a definition in the place of the draft, which nobody changes meanwhile; `changes` colours what is different in
 * it. Resolves when it is drawn.
 */
export async function look(
  definition: Definition,
  nodePorts: Readonly<Record<string, string[]>> = {},
  changes?: CanvasData["changes"],
): Promise<void> {
  const { looking, isLocked, data } = useEditor.getState();
  if (looking === null) wasLocked = isLocked;
  useEditor.setState({ looking: definition, isLocked: true, open: null });
  useEditor.getState().choose({});
  useCanvas.getState().select(null);
  mark(changes);
  await drawDefinition({ definition, node_types: data.node_types, node_ports: nodePorts });
}

function mark(changes: CanvasData["changes"]): void {
  useCanvas.setState(({ data: { changes: _before, ...data } }) => ({
    data: changes ? { ...data, changes } : data,
  }));
}

/** Draws the draft again. */
export async function lookAway(): Promise<void> {
  const { looking, definition, data, nodePorts } = useEditor.getState();
  if (looking === null) return;
  useEditor.setState({ looking: null, isLocked: wasLocked, open: null });
  useEditor.getState().choose({});
  useCanvas.getState().select(null);
  mark(undefined);
  await drawDefinition({ definition, node_types: data.node_types, node_ports: nodePorts });
}
