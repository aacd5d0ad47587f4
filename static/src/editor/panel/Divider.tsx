import { useRef } from "react";
import { LEAST, useDock } from "./dock.ts";

/** The panel's upper edge: dragged, or moved with the arrow keys. */
export function Divider() {
  const height = useDock((state) => state.height);
  const setHeight = useDock((state) => state.setHeight);
  const from = useRef<{ y: number; height: number } | null>(null);
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> takes no focus and is not moved.
    <div
      className="panel-divider"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the panel"
      aria-valuemin={LEAST}
      aria-valuenow={height}
      aria-valuemax={Math.max(LEAST, innerHeight - LEAST)}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { y: event.clientY, height };
      }}
      onPointerMove={(event) => {
        if (from.current) setHeight(from.current.height + from.current.y - event.clientY);
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onKeyDown={(event) => {
        const step = event.key === "ArrowUp" ? 32 : event.key === "ArrowDown" ? -32 : 0;
        if (step === 0) return;
        event.preventDefault();
        setHeight(height + step);
      }}
    />
  );
}
