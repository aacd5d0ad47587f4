import { Handle, type NodeProps, Position } from "@xyflow/react";
import { type MouseEvent, memo, type ReactNode, useContext } from "react";
import { HandsContext } from "./hands.ts";
import { Icon, Tile } from "./Icon.tsx";
import { choose, type Goal, jump, step } from "./iterations.ts";
import { INPUT_OFFSET, portOffset } from "./measure.ts";
import { Badge, type CardNode, Ports } from "./NodeCard.tsx";
import type { Progress } from "./scope.ts";
import { figure, type Tone } from "./states.ts";
import { useCanvas } from "./store.ts";
import { useNodeView, useProgress, useTaken } from "./views.ts";

/** A container: what it goes over, what it does with each, how far it is, and which iteration is looked at. */
export const LoopBox = memo(function LoopBox({ id, data, selected }: NodeProps<CardNode>) {
  const { node, entry, ports, intent, typeName } = data.card;
  const view = useNodeView(id, false);
  const taken = useTaken(id, ports);
  const isRun = useCanvas((state) => state.snapshot !== null);
  const change = useCanvas((state) => state.data.changes?.[id]);
  const isClosed = useCanvas((state) => state.closed.has(id));
  const toggle = useCanvas((state) => state.toggle);
  const count = useCanvas((state) => state.family.childrenOf.get(id)?.length ?? 0);
  const isEmpty = count === 0;
  const { isConnectable, Corner, Inside } = useContext(HandsContext);
  return (
    <div
      className="loop"
      data-state={view.state}
      data-tone={view.tone}
      data-disabled={node.disabled || undefined}
      data-closed={isClosed || undefined}
      data-selected={selected || undefined}
      data-change={change}
    >
      <Handle
        type="target"
        position={Position.Left}
        isConnectable={isConnectable}
        style={{ top: INPUT_OFFSET }}
      />
      <div className="loop-head">
        <Tile type={node.type} icon={entry?.icon ?? "repeat"} />
        <div className="card-node-text">
          <div className="card-node-name">{node.name}</div>
          <div className="card-node-line">{intent || typeName}</div>
        </div>
        <Inert className="loop-tools">
          {isRun ? <Picker id={id} name={node.name} /> : null}
          <button
            type="button"
            className="loop-button"
            aria-expanded={!isClosed}
            aria-label={`Steps inside ${node.name}`}
            title={isClosed ? "Show the steps inside" : "Hide the steps inside"}
            onClick={() => void toggle(id)}
          >
            <Icon name={isClosed ? "chevrons-up-down" : "chevrons-down-up"} />
          </button>
        </Inert>
      </div>
      {ports.length > 1
        ? ports.map((port) => (
            <span
              key={port}
              className="loop-port"
              aria-hidden="true"
              style={{ top: portOffset(ports, port) }}
              data-taken={taken.includes(port) || undefined}
            >
              {port}
            </span>
          ))
        : null}
      {isEmpty && !isClosed && !Inside ? <p className="loop-empty">Nothing inside yet</p> : null}
      {Inside && !isClosed ? <Inside id={id} isEmpty={isEmpty} /> : null}
      {isRun ? <Foot id={id} /> : isClosed ? <p className="loop-closed">{within(count)}</p> : null}
      <Ports id={id} ports={ports} isTaken={(port) => taken.includes(port)} />
      {view.state === "IDLE" && Corner ? <Corner id={id} /> : <Badge view={view} />}
    </div>
  );
});

const within = (count: number): string => (count === 1 ? "1 step inside" : `${count} steps inside`);

/** Controls on the canvas whose clicks and keys are not meant for the node they stand on. */
function Inert({ className, children }: { className: string; children: ReactNode }) {
  const stop = (event: MouseEvent): void => event.stopPropagation();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only keeps clicks on the buttons inside from the node.
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are kept by the class that the library looks for.
    <div className={`${className} nokey nopan`} onClick={stop} onDoubleClick={stop}>
      {children}
    </div>
  );
}

/** ‹ 3 of 100 ›: which iteration is looked at. */
export function Picker({ id, name }: { id: string; name: string }) {
  const at = useCanvas((state) => state.chosen[id]);
  const progress = useProgress(id);
  const isReachable = useCanvas((state) => ancestorsAreChosen(state.family.parentOf, state.chosen, id));
  if (!progress || !isReachable || progress.begun === 0) return null;
  const many = figure(progress.total ?? progress.begun);
  const last = progress.begun - 1;
  return (
    <fieldset className="picker">
      <legend className="visually-hidden">Item of {name}</legend>
      <button
        type="button"
        className="loop-button"
        aria-label="Previous item"
        title="Previous item"
        disabled={at === 0}
        onClick={() => step(id, -1)}
      >
        <Icon name="chevron-left" />
      </button>
      {at === undefined ? (
        <span className="picker-words">All {many}</span>
      ) : (
        <button
          type="button"
          className="picker-words"
          title="Show all items together"
          onClick={() => choose(id, null)}
        >
          {figure(at + 1)} of {many}
          <Icon name="x" size={12} />
        </button>
      )}
      <button
        type="button"
        className="loop-button"
        aria-label="Next item"
        title="Next item"
        disabled={at !== undefined && at >= last}
        onClick={() => step(id, 1)}
      >
        <Icon name="chevron-right" />
      </button>
    </fieldset>
  );
}

function ancestorsAreChosen(
  parentOf: ReadonlyMap<string, string>,
  chosen: Readonly<Record<string, number>>,
  id: string,
): boolean {
  for (let at = parentOf.get(id); at !== undefined; at = parentOf.get(at)) if (!(at in chosen)) return false;
  return true;
}

/** The counts of a container's iterations, in the order people look for them. */
export const GOALS: readonly { goal: Goal; word: string; tone: Tone; icon: string }[] = [
  { goal: "asked", word: "asked", tone: "human", icon: "hand" },
  { goal: "review", word: "to review", tone: "review", icon: "circle-alert" },
  { goal: "failed", word: "failed", tone: "error", icon: "circle-x" },
  { goal: "running", word: "running", tone: "running", icon: "loader-circle" },
  { goal: "waiting", word: "waiting", tone: "waiting", icon: "hourglass" },
];

function Foot({ id }: { id: string }) {
  const progress = useProgress(id);
  if (!progress) return <div className="loop-foot" />;
  return (
    <div className="loop-foot">
      <Inert className="loop-counts">
        <b>{farOf(progress)}</b>
        {GOALS.filter(({ goal }) => progress[goal] > 0).map(({ goal, word, tone }) => (
          <button
            key={goal}
            type="button"
            data-tone={tone}
            title={`Go to the next item that is ${word}`}
            onClick={() => void jump(id, goal)}
          >
            {figure(progress[goal])} {word}
          </button>
        ))}
      </Inert>
      <ProgressBar progress={progress} />
    </div>
  );
}

/** How far a container is: "37 / 100", or at its end and where nobody knows of how many, "98 done". */
export function farOf({ done, over, begun, total }: Progress): string {
  if (total !== null) return `${figure(over)} / ${figure(total)}`;
  return begun === 0 ? "No items" : `${figure(done)} done`;
}

/** Up to so many iterations are drawn one by one. */
const SEGMENTS = 40;

/** A container's iterations as a bar: over, failed, waited for, running, to come. */
export function ProgressBar({ progress }: { progress: Progress }) {
  const whole = Math.max(progress.total ?? progress.begun, progress.begun, 1);
  const parts: [string, number][] = [
    ["success", progress.done],
    ["neutral", progress.skipped + progress.canceled],
    ["error", progress.failed],
    ["human", progress.asked],
    ["review", progress.review],
    ["waiting", progress.waiting],
    ["running", progress.running],
  ];
  const isInSegments = whole <= SEGMENTS;
  return (
    <div className="loop-bar" aria-hidden="true" data-segments={isInSegments || undefined}>
      {isInSegments
        ? [...parts, ["none", whole - progress.begun] as const].flatMap(([tone, count]) =>
            Array.from({ length: count }, (_, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: segments of one tone are all alike.
              <i key={`${tone} ${index}`} data-tone={tone} />
            )),
          )
        : parts.map(([tone, count]) =>
            count ? (
              <i key={tone} data-tone={tone} style={{ width: `max(3px, ${(100 * count) / whole}%)` }} />
            ) : null,
          )}
    </div>
  );
}
