import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { Fragment, memo, useContext } from "react";
import { Dock } from "./Dock.tsx";
import { HandsContext } from "./hands.ts";
import { Icon, Tile } from "./Icon.tsx";
import { INPUT_OFFSET, portOffset } from "./measure.ts";
import { figure, type NodeView } from "./states.ts";
import { type CardModel, useCanvas } from "./store.ts";
import { useNodeView, usePorts, useTaken } from "./views.ts";

export type CardNode = Node<{ card: CardModel }, "card" | "loop" | "chip">;

/** One step on the canvas: tile, name, what it will do or did, its outcomes. */
export const NodeCard = memo(function NodeCard({ id, data, selected }: NodeProps<CardNode>) {
  const { node, entry, ports, intent, typeName } = data.card;
  const view = useNodeView(id, ports.length > 1);
  const taken = useTaken(id, ports);
  const counts = usePorts(id);
  const isBreakpoint = useCanvas((state) => state.data.breakpoints?.includes(id) ?? false);
  const stands = useCanvas((state) => state.snapshot?.hold?.nodes?.some(([, node]) => node === id) ?? false);
  const change = useCanvas((state) => state.data.changes?.[id]);
  const isIdle = view.state === "IDLE";
  const { isConnectable, Corner } = useContext(HandsContext);
  const isTaken = (port: string): boolean => taken.includes(port) || (counts?.[port] ?? 0) > 0;
  return (
    <div
      className="card-node"
      data-state={view.state}
      data-tone={view.tone}
      data-disabled={node.disabled || undefined}
      data-kept={view.isKept || undefined}
      data-stands={stands || undefined}
      data-ends={ports.length === 0 || undefined}
      data-selected={selected || undefined}
      data-change={change}
    >
      {entry?.is_trigger ? null : (
        <Handle
          type="target"
          position={Position.Left}
          isConnectable={isConnectable}
          style={{ top: INPUT_OFFSET }}
        />
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
            ) : stands ? (
              <b className="tone">Stops here</b>
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
              {counts?.[port] ? <small>{figure(counts[port])}</small> : null}
              {port}
            </div>
          ))}
        </div>
      ) : null}
      {view.share === undefined ? null : (
        <progress
          className="share card-node-share"
          data-tone="running"
          value={view.share}
          max={1}
          aria-hidden="true"
        />
      )}
      <Ports id={id} ports={ports} isTaken={isTaken} />
      {data.card.dock ? <Dock card={data.card} dock={data.card.dock} /> : null}
      {isBreakpoint ? (
        <span
          className="card-node-break"
          role="img"
          aria-label="Breakpoint"
          title="A test run stops before this step"
        />
      ) : null}
      {isIdle && Corner ? <Corner id={id} /> : <Badge view={view} />}
    </div>
  );
});

/** The outcomes' ports at a card's right rim. */
export function Ports({
  id,
  ports,
  isTaken,
}: {
  id: string;
  ports: readonly string[];
  isTaken: (port: string) => boolean;
}) {
  const { isConnectable, Port } = useContext(HandsContext);
  return ports.map((port) => {
    const top = portOffset(ports, port);
    return (
      <Fragment key={port}>
        <Handle
          id={port}
          type="source"
          position={Position.Right}
          isConnectable={isConnectable}
          style={{ top }}
          {...(isTaken(port) && ports.length > 1 ? { "data-taken": true } : {})}
        />
        {Port ? <Port id={id} port={port} top={top} /> : null}
      </Fragment>
    );
  });
}

/** The state at a card's corner. */
export function Badge({ view }: { view: NodeView }) {
  if (view.state === "IDLE" || view.state === "PENDING" || view.icon === "") return null;
  return (
    <span className="card-node-badge">
      <Icon name={view.icon} size={14} {...(view.icon === "loader-circle" ? { className: "spin" } : {})} />
    </span>
  );
}
