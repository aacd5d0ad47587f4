import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { Icon, Tile } from "./Icon.tsx";
import { INPUT_OFFSET, portOffset } from "./measure.ts";
import { IDLE, type NodeView, runOf, viewOf } from "./states.ts";
import { type CardModel, useCanvas } from "./store.ts";
import { ENDED } from "./types.ts";

export type CardNode = Node<{ card: CardModel }, "card">;

const noView: NodeView = IDLE;

/** The view of a node now. Cards of nodes at rest do not follow the clock. */
export function useNodeView(nodeId: string, hasOutcomes: boolean): NodeView {
  const snapshot = useCanvas((state) => state.snapshot);
  const run = snapshot ? runOf(snapshot, nodeId) : undefined;
  const isOpen = run !== undefined && !ENDED.has(run.state) && run.state !== "PENDING";
  const now = useCanvas((state) => (isOpen ? state.now : 0));
  return snapshot ? viewOf(run, snapshot, now, hasOutcomes) : noView;
}

/** One step on the canvas: tile, name, what it will do or did, its outcomes. */
export const NodeCard = memo(function NodeCard({ id, data, selected }: NodeProps<CardNode>) {
  const { node, entry, ports, intent, typeName } = data.card;
  const view = useNodeView(id, ports.length > 1);
  const snapshot = useCanvas((state) => state.snapshot);
  const run = snapshot ? runOf(snapshot, id) : undefined;
  const isIdle = view.state === "IDLE";
  const hasBadge = !isIdle && view.state !== "PENDING" && view.icon !== "";
  const isTaken = (port: string): boolean =>
    run?.state === "COMPLETED" &&
    (run.port === port || (run.also?.includes(port) ?? false) || ports.length === 1);
  return (
    <div
      className="card-node"
      data-state={view.state}
      data-tone={view.tone}
      data-disabled={node.disabled || undefined}
      data-selected={selected || undefined}
    >
      {entry?.is_trigger ? null : (
        <Handle type="target" position={Position.Left} isConnectable={false} style={{ top: INPUT_OFFSET }} />
      )}
      <div className="card-node-head">
        <Tile type={node.type} icon={entry?.icon ?? "box"} />
        <div className="card-node-text">
          <div className="card-node-name">{node.name}</div>
          {/* The card is named by what it shows, so that saying what one sees chooses it. */}
          <span className="visually-hidden">
            , {typeName}
            {isIdle || view.rest === view.word ? "" : `, ${view.word}`},
          </span>
          <div className="card-node-line">
            {isIdle ? (
              intent || typeName
            ) : (
              <>
                {view.lead ? <b className="tone">{view.lead}</b> : null}
                {view.rest ? <span>{view.rest}</span> : null}
              </>
            )}
          </div>
        </div>
      </div>
      {ports.length > 1 ? (
        <div className="card-node-ports" aria-hidden="true">
          {ports.map((port) => (
            <div key={port} data-taken={isTaken(port) || undefined}>
              {port}
            </div>
          ))}
        </div>
      ) : null}
      {ports.map((port) => (
        <Handle
          key={port}
          id={port}
          type="source"
          position={Position.Right}
          isConnectable={false}
          style={{ top: portOffset(ports, port) }}
          {...(isTaken(port) && ports.length > 1 ? { "data-taken": true } : {})}
        />
      ))}
      {hasBadge ? (
        <span className="card-node-badge">
          <Icon
            name={view.icon}
            size={14}
            {...(view.icon === "loader-circle" ? { className: "spin" } : {})}
          />
        </span>
      ) : null}
    </div>
  );
});
