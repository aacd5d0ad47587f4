/** Keeps what `canvas/` draws in step with the draft: the canvas is a view, the draft is the truth. */

import { familyOf } from "../canvas/family.ts";
import { HEADER } from "../canvas/measure.ts";
import { cardModels } from "../canvas/models.ts";
import { withPorts } from "../canvas/ports.ts";
import { begin, drawDefinition, serverNow, useCanvas } from "../canvas/store.ts";
import type { Definition } from "../canvas/types.ts";
import { moveNodes, type Point } from "./document/edits.ts";
import { typeKey, useEditor } from "./store.ts";
import { type Extent, settle } from "./surface/settle.ts";

/**
 * Draws the draft now and whenever it changes. Resolves when it is drawn for the first time; from then on every node
 * has a position, also those that come without one.
 */
export async function keepDrawn(): Promise<void> {
  const { data, definition, nodePorts } = useEditor.getState();
  await begin({ mode: "workflow", definition, node_types: data.node_types, node_ports: nodePorts });
  const placed = moveNodes(definition, ownPositions());
  // Not an edit: whoever only looks changes nothing.
  if (placed.nodes.some((node, index) => node !== definition.nodes[index]))
    useEditor.setState(({ saved }) => ({
      definition: placed,
      saved: saved === definition ? placed : saved,
    }));
  draw();
  useEditor.subscribe((now, before) => {
    if (now.definition === before.definition && now.nodePorts === before.nodePorts) return;
    if (now.looking !== null) return; // drawn when the draft is looked at again
    const settled = settle(now.definition, extentsOf(now.definition));
    if (settled === now.definition) return draw();
    // Where it came to stand belongs to the step that added it.
    const last = now.history.past.at(-1);
    const past =
      last?.after === now.definition
        ? [...now.history.past.slice(0, -1), { ...last, after: settled }]
        : now.history.past;
    useEditor.setState({ definition: settled, history: { ...now.history, past } });
  });
}

/** Where everything stands that does not hang on something else. */
function ownPositions(): Readonly<Record<string, Point>> {
  const { positions, family } = useCanvas.getState();
  return Object.fromEntries(Object.entries(positions).filter(([id]) => !family.agentOf.has(id)));
}

function draw(): void {
  const { data, definition, nodePorts } = useEditor.getState();
  void drawDefinition({ definition, node_types: data.node_types, node_ports: nodePorts });
}

/** How large the cards of a definition are, also of nodes that are not drawn yet. */
function extentsOf(definition: Definition): Readonly<Record<string, Extent>> {
  if (definition.nodes.every(({ position }) => position)) return {};
  const { types, nodePorts } = useEditor.getState();
  const { data, cards: drawn } = useCanvas.getState();
  const family = familyOf(definition.nodes, (node) => types.get(typeKey(node)));
  const whole = { ...data, definition: withPorts(definition), node_ports: nodePorts };
  return Object.fromEntries(
    Object.entries(cardModels(whole, types, family, serverNow())).map(([id, card]) => {
      const { width, height, minWidth } = card;
      const container = { width: minWidth ?? width, height: HEADER + 64 };
      const size = drawn[id] ?? (minWidth === null ? { width, height } : container);
      const below = card.dock?.beyond.bottom ?? 0;
      return [id, { width: size.width, height: size.height + below, ports: card.ports }];
    }),
  );
}
