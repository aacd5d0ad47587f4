/** Frames: what is in them, and how they are drawn around things. Pure. */

import type { Annotation, Definition } from "../../canvas/types.ts";
import { around, holds, rectOf, type Scene } from "./scene.ts";

/** Between a frame and what is in it; above there is its title. */
const PADDING = 24;
const TITLE = 36;
export const NOTE_SIZE = { width: 240, height: 96 };

/** What a frame takes along: nodes of the workflow's own level and notes whose middle is in it, also other frames. */
export function membersOf(frame: Annotation, definition: Definition, scene: Scene): string[] {
  const rect = {
    id: frame.id,
    ...frame.position,
    width: frame.width ?? NOTE_SIZE.width,
    height: frame.height ?? NOTE_SIZE.height,
  };
  const nodes = (scene.family.childrenOf.get("") ?? []).filter((id) => {
    const own = rectOf(scene, id);
    return own && holds(rect, { x: own.x + own.width / 2, y: own.y + own.height / 2 });
  });
  const notes = (definition.annotations ?? []).filter((one) => {
    if (one.id === frame.id) return false;
    const { width, height } = { ...NOTE_SIZE, ...one };
    // Of two frames in one another the larger takes the smaller.
    if (one.kind === "frame" && width * height >= rect.width * rect.height) return false;
    return holds(rect, { x: one.position.x + width / 2, y: one.position.y + height / 2 });
  });
  return [...nodes, ...notes.map(({ id }) => id)];
}

/** A frame around these nodes; null where none of them is drawn. */
export function frameAround(
  ids: Iterable<string>,
  scene: Scene,
): Pick<Annotation, "position" | "width" | "height"> | null {
  const rect = around([...ids].flatMap((id) => rectOf(scene, id) ?? []));
  if (!rect) return null;
  return {
    position: { x: rect.x - PADDING, y: rect.y - PADDING - TITLE },
    width: rect.width + PADDING * 2,
    height: rect.height + PADDING * 2 + TITLE,
  };
}
