/** Dragging a node type from the palette onto the canvas, by mouse, pen or finger, with the card under the pointer. */

import { type PointerEvent, useRef } from "react";
import { createPortal } from "react-dom";
import { create } from "zustand";
import { Tile } from "../../canvas/Icon.tsx";
import type { NodeTypeEntry } from "../../canvas/types.ts";
import type { Point } from "../document/edits.ts";
import { view } from "../viewport.ts";
import { addAt, isOverCanvas } from "./adding.ts";

const FROM = 5;

const useDrag = create<{ entry: NodeTypeEntry | null; at: Point }>()(() => ({
  entry: null,
  at: { x: 0, y: 0 },
}));

export function useDragging(entry: NodeTypeEntry): {
  handlers: Pick<
    React.DOMAttributes<HTMLElement>,
    "onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel" | "onKeyDown"
  >;
  wasDragged: () => boolean;
} {
  const start = useRef<Point | null>(null);
  const dragged = useRef(false);
  const stop = (): void => {
    start.current = null;
    useDrag.setState({ entry: null });
  };
  return {
    wasDragged: () => dragged.current,
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        if (event.button !== 0) return;
        start.current = { x: event.clientX, y: event.clientY };
        dragged.current = false;
        // A quick hand is beyond the row before its first move is heard.
        if (event.pointerType === "mouse") event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        const from = start.current;
        if (!from) return;
        const at = { x: event.clientX, y: event.clientY };
        if (!dragged.current) {
          // A finger that moves up or down scrolls the list.
          if (Math.hypot(at.x - from.x, at.y - from.y) < FROM) return;
          dragged.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
        }
        useDrag.setState({ entry, at });
      },
      onPointerUp: (event: PointerEvent<HTMLElement>) => {
        const at = { x: event.clientX, y: event.clientY };
        if (dragged.current && start.current && useDrag.getState().entry && isOverCanvas(at))
          addAt(entry, at);
        stop();
      },
      onPointerCancel: stop,
      onKeyDown: (event) => {
        if (event.key === "Escape" && start.current) stop();
      },
    },
  };
}

/** The card that is being dragged, as large as it will be on the canvas. */
export function Ghost() {
  const { entry, at } = useDrag();
  if (!entry) return null;
  const zoom = isOverCanvas(at) ? (view()?.zoom ?? 1) : 1;
  return createPortal(
    <div
      className="node-ghost"
      data-is-over={isOverCanvas(at) ? "" : undefined}
      style={{ transform: `translate(${at.x}px, ${at.y}px) scale(${zoom}) translate(-50%, -50%)` }}
    >
      <Tile type={entry.type} icon={entry.icon} />
      <span>{entry.name}</span>
    </div>,
    document.body,
  );
}
