import type { NodeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import { type Attachment, CHIP, type Dock as DockOf } from "./docking.ts";
import { HandsContext } from "./hands.ts";
import { Icon } from "./Icon.tsx";
import type { Point } from "./layout.ts";
import type { CardModel } from "./models.ts";
import type { CardNode } from "./NodeCard.tsx";
import { useCanvas } from "./store.ts";
import { modelOf } from "./summarize.ts";

const WORDS = { MODEL: "Model", TOOL: "Tool", MEMORY: "Memory" } as const;

/** What belongs to an agent's card below it: its model, and the lines to what hangs on it, which is drawn as nodes. */
export function Dock({ card, dock }: { card: CardModel; dock: DockOf }) {
  const { node, entry } = card;
  const { Hang } = useContext(HandsContext);
  const names = useCanvas((state) =>
    dock.elsewhere.map(({ id }) => state.cards[id]?.node.name ?? id).join("\n"),
  ).split("\n");
  const isOpen = (kind: string): boolean => dock.open.some((one) => one.kind === kind);
  const { left, right, bottom } = dock.beyond;
  const box = [-left, 0, card.width + left + right, card.height + bottom];
  return (
    <>
      <svg
        className="dock-lines"
        aria-hidden="true"
        style={{ left: box[0], width: box[2], height: box[3] }}
        viewBox={box.join(" ")}
      >
        {dock.lines.map(({ kind, points }) =>
          Hang || kind === "MODEL" || !isOpen(kind) ? (
            <path key={pathOf(points)} d={pathOf(points)} data-open={isOpen(kind) || undefined} />
          ) : null,
        )}
      </svg>
      {dock.slots.map(({ kind, x }) =>
        Hang || kind === "MODEL" || !isOpen(kind) ? (
          <i key={kind} className="dock-slot" aria-hidden="true" style={{ left: x, top: card.height }} />
        ) : null,
      )}
      <span className="dock-chip" data-kind="MODEL" style={placed(dock.model)}>
        <Face kind="MODEL" icon="brain" name={modelOf(node, entry) || "Default"} />
      </span>
      {dock.elsewhere.map(({ id, kind, at }, index) => (
        <span
          key={id}
          className="dock-chip is-elsewhere"
          title="It hangs on another agent as well, and is drawn there"
          style={placed(at)}
        >
          <Face kind={kind} icon="link" name={names[index] ?? id} />
        </span>
      ))}
      {Hang
        ? dock.slots.map(({ kind, x }) => {
            if (kind === "MODEL") return null;
            const first = dock.open.find((one) => one.kind === kind);
            const at = first?.at ?? { x, y: card.height };
            return <Hang key={kind} id={node.id} kind={kind} at={at} isFirst={first !== undefined} />;
          })
        : null}
    </>
  );
}

const placed = ({ x, y }: Point) => ({ left: x, top: y, width: CHIP.width, height: CHIP.height });

const pathOf = (points: readonly Point[]): string =>
  points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x + 0.5} ${y + 0.5}`).join("");

function Face({ kind, icon, name }: { kind: keyof typeof WORDS; icon: string; name: string }) {
  return (
    <>
      <span className="dock-icon" data-type={kind === "MODEL" ? "AI_AGENT" : kind}>
        <Icon name={icon} size={14} />
      </span>
      <span className="dock-text">
        <small>{WORDS[kind]}</small>
        <b>{name}</b>
      </span>
    </>
  );
}

/** A tool or a memory on the canvas: no outcomes and no way in, it hangs on an agent. */
export const Chip = memo(function Chip({ id, data, selected }: NodeProps<CardNode>) {
  const { node, entry, typeName } = data.card;
  const { Corner } = useContext(HandsContext);
  const change = useCanvas((state) => state.data.changes?.[id]);
  const isLoose = useCanvas((state) => !state.family.agentOf.has(id));
  return (
    <div
      className="dock-chip"
      data-kind={node.type}
      data-loose={isLoose || undefined}
      data-disabled={node.disabled || undefined}
      data-selected={selected || undefined}
      data-change={change}
      title={node.name}
    >
      <Face kind={node.type as Attachment} icon={entry?.icon ?? "box"} name={node.name} />
      <span className="visually-hidden">, {typeName}</span>
      {Corner ? <Corner id={id} /> : null}
    </div>
  );
});
