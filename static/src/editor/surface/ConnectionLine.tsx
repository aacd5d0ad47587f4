import type { ConnectionLineComponentProps } from "@xyflow/react";
import { plainWay, roundedPath } from "../../canvas/routing.ts";
import { useEditor } from "../store.ts";
import { hasInput } from "./actions.ts";
import { refusal } from "./connecting.ts";

/** A connection while it is drawn: where it may end, and why not where it may not. */
export function ConnectionLine({
  fromX,
  fromY,
  toX,
  toY,
  fromHandle,
  fromNode,
  toNode,
  toHandle,
  connectionStatus,
}: ConnectionLineComponentProps) {
  const isBackwards = fromHandle.type === "target";
  const [start, end] = [
    { x: fromX, y: fromY },
    { x: toX, y: toY },
  ];
  const points = isBackwards ? plainWay(end, start) : plainWay(start, end);
  const isRefused = connectionStatus === "invalid" && toNode !== null;
  const [source, target] = isBackwards ? [toNode?.id, fromNode.id] : [fromNode.id, toNode?.id];
  const port = (isBackwards ? toHandle?.id : fromHandle.id) ?? "main";
  const words =
    isRefused && source && target
      ? refusal(useEditor.getState().definition, { from: source, port, to: target }, hasInput)
      : null;
  return (
    <g className="drawing" data-status={connectionStatus ?? undefined}>
      <path d={roundedPath(points)} />
      <circle cx={toX} cy={toY} r="4.5" />
      {words ? (
        <text x={toX + 14} y={toY - 12}>
          {words}
        </text>
      ) : null}
    </g>
  );
}
