/** What the editor puts on cards and containers: findings at their corner, `+` at open outcomes, room in empty loops. */

import type { MouseEvent } from "react";
import { type Attachment, CHIP } from "../../canvas/docking.ts";
import { Icon } from "../../canvas/Icon.tsx";
import { usedPorts } from "../../canvas/ports.ts";
import { useCanvas } from "../../canvas/store.ts";
import type { Finding } from "../../canvas/types.ts";
import { useEditor } from "../store.ts";
import { addAfter, addInside, addOn } from "./actions.ts";
import { useSurface } from "./state.ts";

const byNode = new WeakMap<readonly Finding[], ReadonlyMap<string, readonly Finding[]>>();

/** What is to be said of a node. */
function findingsOf(findings: readonly Finding[], id: string): readonly Finding[] | undefined {
  let known = byNode.get(findings);
  if (!known) {
    const found = new Map<string, Finding[]>();
    for (const finding of findings) {
      const rows = found.get(finding.node_id);
      if (rows) rows.push(finding);
      else found.set(finding.node_id, [finding]);
    }
    known = found;
    byNode.set(findings, known);
  }
  return known.get(id);
}

/** What is wrong with a node, at its corner. Its words are shown when the pointer or the focus is on the node. */
export function Corner({ id }: { id: string }) {
  const findings = useEditor((state) => findingsOf(state.findings, id));
  if (!findings?.length) return null;
  const isError = findings.some(({ severity }) => severity === "error");
  return (
    <>
      <span className="card-node-badge finding-badge" data-tone={isError ? "error" : "human"}>
        <Icon name={isError ? "circle-alert" : "triangle-alert"} size={14} />
      </span>
      <span className="finding-words">
        {findings.slice(0, 4).map(({ code, path, message, severity }) => (
          <span key={`${code} ${path}`} data-tone={severity === "error" ? "error" : "human"}>
            <span className="visually-hidden">{severity}: </span>
            {message}
          </span>
        ))}
        {findings.length > 4 ? <span>and {findings.length - 4} more</span> : null}
      </span>
    </>
  );
}

/** A stub and a `+` at an outcome that leads nowhere. For the pointer: keys have the command “Add a step”. */
export function OpenPort({ id, port, top }: { id: string; port: string; top: number }) {
  const isOpen = useCanvas((state) => !usedPorts(state.data.definition.connections).get(id)?.has(port));
  if (!isOpen) return null;
  const add = (event: MouseEvent): void => {
    event.stopPropagation();
    addAfter(id, port);
  };
  return (
    <span
      className="open-port nodrag nopan"
      style={{ top }}
      aria-hidden="true"
      onClick={add}
      title="Add a step"
    >
      <Icon name="plus" size={14} />
    </span>
  );
}

/** Where a tool or memory can be hung on an agent: on the card's rim, or in the place of the first one. */
export function Hang({
  id,
  kind,
  at,
  isFirst,
}: {
  id: string;
  kind: Attachment;
  at: { x: number; y: number };
  isFirst: boolean;
}) {
  const word = kind === "TOOL" ? "tool" : "memory";
  const add = (event: MouseEvent): void => {
    event.stopPropagation();
    addOn(id, kind);
  };
  const size = isFirst ? CHIP : {};
  return (
    <button
      type="button"
      className={isFirst ? "dock-open nodrag nopan nokey" : "dock-add nodrag nopan nokey"}
      style={{ left: at.x, top: at.y, ...size }}
      aria-label={`Add a ${word}`}
      title={`Add a ${word}`}
      onClick={add}
    >
      <Icon name="plus" size={isFirst ? 14 : 12} />
      {isFirst ? (kind === "TOOL" ? "Tool" : "Memory") : null}
    </button>
  );
}

/** The rim around the agent that takes what is dragged when it is let go. */
export function HangHere() {
  const into = useSurface((state) => state.into);
  const card = useCanvas((state) => (into === null ? undefined : state.cards[into]));
  const place = useCanvas((state) => (into === null ? undefined : state.places[into]));
  if (!card?.dock || !place) return null;
  const { left, right, bottom } = card.dock.beyond;
  return (
    <div
      className="dock-drop"
      aria-hidden="true"
      style={{
        left: place.x - left - RIM,
        top: place.y - RIM,
        width: card.width + left + right + 2 * RIM,
        height: card.height + bottom + 2 * RIM,
      }}
    />
  );
}

const RIM = 8;

/** Over what is inside a container: the way to begin while it is empty, and a rim while something is dragged into it. */
export function Inside({ id, isEmpty }: { id: string; isEmpty: boolean }) {
  const isTarget = useSurface((state) => state.into === id);
  return (
    <>
      {isTarget ? <div className="loop-drop" aria-hidden="true" /> : null}
      {isEmpty ? (
        <button
          type="button"
          className="loop-begin nodrag nopan nokey"
          onClick={(event) => {
            event.stopPropagation();
            addInside(id);
          }}
        >
          <Icon name="plus" size={14} />
          Add a step
        </button>
      ) : null}
    </>
  );
}
