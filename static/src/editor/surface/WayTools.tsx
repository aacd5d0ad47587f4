import { useEffect, useState } from "react";
import type { useWays } from "../../canvas/flow.ts";
import { Icon } from "../../canvas/Icon.tsx";
import { middleOf } from "../../canvas/routing.ts";
import { disconnect } from "../document/edits.ts";
import { useEditor } from "../store.ts";
import { addBetween } from "./actions.ts";
import { useSurface } from "./state.ts";

/** How long the tools stay when the pointer leaves the connection, in milliseconds. */
const LINGER = 220;

/** On the connection under the pointer, or the one that is chosen: put a step in, take it away. */
export function WayTools({ wishes, ways }: ReturnType<typeof useWays>) {
  const hovered = useSurface((state) => state.hovered);
  const isDragging = useSurface((state) => state.moved !== null);
  const chosen = useEditor((state) =>
    state.selection.connections.size === 1 && state.selection.nodes.size === 0
      ? [...state.selection.connections][0]
      : undefined,
  );
  const [lingering, setLingering] = useState<string | null>(null);
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (hovered !== null) {
      setLingering(hovered);
      return;
    }
    if (isHeld) return;
    const timer = setTimeout(() => setLingering(null), LINGER);
    return () => clearTimeout(timer);
  }, [hovered, isHeld]);
  const id = lingering ?? chosen;
  const wish = id === undefined ? undefined : wishes.find((one) => one.id === id);
  const points = wish && ways[wish.id];
  if (!wish || !points || isDragging) return null;
  const { x, y } = middleOf(points);
  const isLabelled = Boolean(wish.connection.condition);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keeps the tools there while the pointer is on them.
    <div
      className="way-tools nopan nodrag"
      style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y + (isLabelled ? 22 : 0)}px)` }}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
    >
      <button
        type="button"
        tabIndex={-1}
        title="Put a step in between"
        aria-label="Put a step in between"
        onClick={() => addBetween(wish.id)}
      >
        <Icon name="plus" size={14} />
      </button>
      <button
        type="button"
        tabIndex={-1}
        title="Remove this connection"
        aria-label="Remove this connection"
        onClick={() => {
          setLingering(null);
          useEditor.getState().edit("Disconnect", (definition) => disconnect(definition, [wish.id]));
        }}
      >
        <Icon name="trash-2" size={14} />
      </button>
    </div>
  );
}
