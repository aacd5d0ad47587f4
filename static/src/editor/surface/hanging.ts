/** Tools and memories onto agents, from one to another, and off them. */

import { CHIP, isAttachment } from "../../canvas/docking.ts";
import { useCanvas } from "../../canvas/store.ts";
import { attach, detach } from "../document/edits.ts";
import { useEditor } from "../store.ts";

/** The tools and memories among what is chosen. */
export function hangable(): string[] {
  const { selection, definition } = useEditor.getState();
  return definition.nodes.flatMap((node) =>
    selection.nodes.has(node.id) && isAttachment(node) ? [node.id] : [],
  );
}

/** The agents on which the chosen tools and memories can be hung: those that do not hold all of them. */
export function agentsFor(): string[] {
  const { family, cards } = useCanvas.getState();
  const chosen = hangable();
  return Object.keys(cards).filter(
    (id) => cards[id]?.dock && chosen.some((one) => family.agentOf.get(one) !== id),
  );
}

/** Hangs the chosen tools and memories on an agent. */
export function hangOn(agent: string): void {
  const chosen = hangable();
  useEditor
    .getState()
    .edit(`Hang on “${useCanvas.getState().cards[agent]?.node.name}”`, (now) =>
      chosen.reduce((last, id) => attach(last, agent, id), now),
    );
}

/** Takes the chosen tools and memories from their agents: they stand below them then, by themselves. */
export function takeOff(): void {
  const { family, cards, positions } = useCanvas.getState();
  const taken = hangable().flatMap((id) => {
    const agent = family.agentOf.get(id);
    const card = agent === undefined ? undefined : cards[agent];
    const at = agent === undefined ? undefined : positions[agent];
    return card?.dock && at ? [{ id, card, at, dock: card.dock }] : [];
  });
  useEditor.getState().edit("Take off the agent", (now) =>
    taken.reduce((last, { id, card, at, dock }, index) => {
      const x = at.x + (dock.places[id]?.x ?? 0);
      const y = at.y + card.height + dock.beyond.bottom + 24 + index * (CHIP.height + 8);
      return detach(last, id, { position: { x, y }, parent: family.parentOf.get(card.node.id) ?? null });
    }, now),
  );
}
