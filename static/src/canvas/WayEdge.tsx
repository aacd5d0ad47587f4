import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { spriteUrl } from "../app/icon.ts";
import type { Point } from "./layout.ts";
import { middleOf, roundedPath } from "./routing.ts";
import type { EdgeState } from "./states.ts";
import { useCanvas } from "./store.ts";

export type WayEdgeType = Edge<
  {
    points: Point[];
    state: EdgeState;
    isSelected: boolean;
    /** All there is to know of it, in a sentence. */
    says: string;
    /** Its condition in short. */
    label: string;
  },
  "way"
>;

/** A connection along its routed way, coloured by what happened to it. */
export const WayEdge = memo(function WayEdge({ id, data }: EdgeProps<WayEdgeType>) {
  const change = useCanvas((canvas) => canvas.data.changes?.[id]);
  if (!data) return null;
  const state = data.isSelected && data.state === "rest" ? "selected" : data.state;
  const middle = data.says ? middleOf(data.points) : null;
  return (
    <>
      <BaseEdge
        id={id}
        path={roundedPath(data.points)}
        className={`way way-${state}${change ? ` way-is-${change}` : ""}`}
        markerEnd={`url(#arrow-${state})`}
      />
      {middle === null ? null : data.label && middle.room >= LEAST_ROOM ? (
        <Label at={middle} words={data.label} says={data.says} state={state} />
      ) : (
        <Mark at={middle} says={data.says} state={state} />
      )}
    </>
  );
});

/** Where words have less room than this, a sign stands for them. */
const LEAST_ROOM = 72;

/** The condition on which a connection leads on. */
function Label({
  at,
  words,
  says,
  state,
}: {
  at: ReturnType<typeof middleOf>;
  words: string;
  says: string;
  state: string;
}) {
  return (
    <EdgeLabelRenderer>
      <span
        className={`way-label way-${state}`}
        title={says}
        style={{
          transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)`,
          maxWidth: Math.min(160, at.room - 24),
        }}
      >
        {words}
      </span>
    </EdgeLabelRenderer>
  );
}

/** A small sign on the way: it has a condition, or carries something else than what it was given. */
function Mark({ at, says, state }: { at: Point; says: string; state: string }) {
  return (
    <g className={`way-mark way-${state}`} transform={`translate(${at.x} ${at.y})`}>
      <title>{says}</title>
      <circle r="9" />
      <use href={`${spriteUrl()}#braces`} className="icon" x="-6" y="-6" width="12" height="12" />
    </g>
  );
}

const STATES = ["rest", "idle", "taken", "running", "off", "failed", "selected"];

/** The open arrow heads, one per colour; markers cannot inherit the colour of their path everywhere. */
export function ArrowHeads() {
  return (
    <svg className="arrow-heads" aria-hidden="true" width="0" height="0">
      <defs>
        {STATES.map((state) => (
          <marker
            key={state}
            id={`arrow-${state}`}
            className={`arrow-head way-${state}`}
            viewBox="0 0 10 10"
            markerWidth="10"
            markerHeight="10"
            markerUnits="userSpaceOnUse"
            refX="7.2"
            refY="5"
            orient="auto"
          >
            <path d="M3 1.2 7 5 3 8.8" />
          </marker>
        ))}
      </defs>
    </svg>
  );
}
