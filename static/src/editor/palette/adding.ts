/** Adding nodes: the one way for the palette, the quick list, ports, connections and keys. */

import { create } from "zustand";
import { AGENT, agentAt, hangingAt, isAttachment } from "../../canvas/docking.ts";
import { ancestorsOf } from "../../canvas/family.ts";
import { useCanvas } from "../../canvas/store.ts";
import type { NodeTypeEntry } from "../../canvas/types.ts";
import type { Point } from "../document/edits.ts";
import { typeKey, useEditor } from "../store.ts";
import { middle, toCanvas, toWindow, view } from "../viewport.ts";
import { type Adding, type Drawn, isFitting, plan } from "./planning.ts";

export type { Adding } from "./planning.ts";

/** What the quick list is open for, and where in the window. */
export interface Adder {
  adding: Adding;
  at: Point;
}

interface AdderState {
  open: Adder | null;
  /** Types that were added last, the last one first. */
  recent: readonly string[];
}

const RECENT = "editor:recent-types";
const KEPT = 8;

export const useAdder = create<AdderState>()(() => ({ open: null, recent: remembered() }));

/** Opens the quick list of node types; what is chosen there is added and connected. `screen`: where in the window. */
export function openAdder({ screen, ...adding }: Adding & { screen?: Point } = {}): void {
  if (useEditor.getState().isLocked) return;
  useAdder.setState({ open: { adding, at: screen ?? pointFor(adding) } });
}

export function closeAdder(): void {
  useAdder.setState({ open: null });
}

/** What `Tab` and a click in the palette add to: behind the one node that is chosen, else where the canvas is free. */
export function here(): Adding {
  const { selection, definition, types } = useEditor.getState();
  const [id, ...others] = selection.nodes;
  const node = id === undefined ? undefined : definition.nodes.find((one) => one.id === id);
  if (!node || others.length > 0) return {};
  const entry = types.get(typeKey(node));
  if (entry?.is_container && !definition.nodes.some(({ parent }) => parent === node.id))
    return { parent: node.id };
  const agent = node.type === AGENT ? node.id : useCanvas.getState().family.agentOf.get(node.id);
  const hanging = agent === undefined ? {} : { agent };
  if (isAttachment(node) || entry?.ports.length === 0) return { parent: node.parent ?? null, ...hanging };
  return { from: node.id, ...hanging };
}

/** Adds a node, chooses it and opens its panel. Gives its id; null where nothing can be changed. */
export function addNode(entry: NodeTypeEntry, adding: Adding = {}): string | null {
  const { isLocked, edit, show, types, definition } = useEditor.getState();
  if (isLocked) return null;
  const typeOf = (id: string): NodeTypeEntry | undefined => {
    const node = definition.nodes.find((one) => one.id === id);
    return node && types.get(typeKey(node));
  };
  // What does not fit there is added beside it, instead of with a connection that cannot be.
  const wanted = isFitting(entry, adding, typeOf) ? adding : loose(adding);
  let id: string | null = null;
  edit(`Add ${entry.name}`, (now) => {
    const planned = plan(now, entry, wanted, drawn());
    id = planned.id;
    return planned.definition;
  });
  remember(typeKey(entry));
  if (id !== null) show(id);
  return id;
}

/** Adds a node whose middle is at a place in the window, into the container that lies there. */
export function addAt(entry: NodeTypeEntry, screen: Point): string | null {
  const at = toCanvas(screen);
  const agent = isAttachment(entry) ? agentUnder(at) : null;
  if (agent) return addNode(entry, agent);
  return addNode(entry, { at, parent: entry.is_trigger ? null : containerAt(at) });
}

/** The agent at a place of the canvas, and what of the hanging there; null where there is none. */
export function agentUnder(at: Point): { agent: string; before: string | null } | null {
  const { cards, places } = useCanvas.getState();
  const agent = agentAt(at, cards, places);
  const [corner, dock] = agent === null ? [] : [places[agent], cards[agent]?.dock];
  if (agent === null || !corner || !dock) return null;
  return { agent, before: hangingAt(dock, { x: at.x - corner.x, y: at.y - corner.y }) };
}

/** The innermost open container at a place of the canvas. */
export function containerAt({ x, y }: Point, without: ReadonlySet<string> = new Set()): string | null {
  const { family, places, cards, closed } = useCanvas.getState();
  const found = [...family.containers].filter((id) => {
    const [place, card] = [places[id], cards[id]];
    if (!place || !card || without.has(id)) return false;
    const around = [...ancestorsOf(family, id), id];
    if (around.some((one) => closed.has(one))) return false;
    return x >= place.x && y >= place.y && x <= place.x + card.width && y <= place.y + card.height;
  });
  const depth = (id: string): number => ancestorsOf(family, id).length;
  return found.sort((a, b) => depth(b) - depth(a))[0] ?? null;
}

/** How the canvas is drawn now, for placing. */
export function drawn(): Drawn {
  const { positions, places, cards } = useCanvas.getState();
  return {
    positions,
    sizes: cards,
    ports: Object.fromEntries(Object.entries(cards).map(([id, { ports }]) => [id, ports])),
    corner: (container) => places[container] ?? { x: 0, y: 0 },
  };
}

const loose = ({ at, parent }: Adding): Adding => ({
  ...(at ? { at } : {}),
  ...(parent === undefined ? {} : { parent }),
});

/** Where the quick list opens when nobody pointed: at the port it is for, else in the middle of the canvas. */
function pointFor({ from, at, agent, slot }: Adding): Point {
  if (at) return toWindow(at);
  const { places, cards } = useCanvas.getState();
  const [corner, below] = agent === undefined || !slot ? [] : [places[agent], cards[agent]];
  if (corner && below) return toWindow({ x: corner.x + below.width + 24, y: corner.y + below.height });
  const [place, card] = from === undefined ? [] : [places[from], cards[from]];
  if (place && card) return toWindow({ x: place.x + card.width + 16, y: place.y });
  const { x, y } = toWindow(middle());
  return { x: x - 160, y: y - 180 };
}

/** Whether a place in the window is above the canvas. */
export function isOverCanvas({ x, y }: Point): boolean {
  const box = view()?.box;
  return box !== undefined && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

function remember(key: string): void {
  const recent = [key, ...useAdder.getState().recent.filter((one) => one !== key)].slice(0, KEPT);
  useAdder.setState({ recent });
  try {
    localStorage.setItem(RECENT, JSON.stringify(recent));
  } catch {
    // only until the page is left, then
  }
}

function remembered(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((key) => typeof key === "string") : [];
  } catch {
    return [];
  }
}
