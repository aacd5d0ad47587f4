/** What is done on the canvas: connecting, adding, copying, removing, moving by keys, notes and frames. */

import type { FinalConnectionState } from "@xyflow/react";
import { type Attachment, isAttachment } from "../../canvas/docking.ts";
import { useCanvas } from "../../canvas/store.ts";
import type { Annotation, ConnectionDocument } from "../../canvas/types.ts";
import {
  addAnnotation,
  type ConnectionKey,
  connect,
  disconnect,
  freeId,
  type Point,
  removeAnnotations,
  removeNodes,
  setNode,
} from "../document/edits.ts";
import { say } from "../notices.ts";
import { here, openAdder } from "../palette/adding.ts";
import { typeKey, useEditor } from "../store.ts";
import { middle } from "../viewport.ts";
import { refusal } from "./connecting.ts";
import { moveTo, placeInside, refusalInside } from "./containers.ts";
import { frameAround, NOTE_SIZE } from "./frames.ts";
import { sceneNow } from "./scene.ts";
import { theView, useSurface } from "./state.ts";

/** Whether connections can lead to a node: not to what starts runs, nor to what hangs on agents. */
export function hasInput(id: string): boolean {
  const { definition, types } = useEditor.getState();
  const node = definition.nodes.find((one) => one.id === id);
  return !(node && (isAttachment(node) || types.get(typeKey(node))?.is_trigger));
}

/** Connects, or says why not. */
export function connectTo(connection: ConnectionDocument): boolean {
  const { definition, edit } = useEditor.getState();
  const words = refusal(definition, connection, hasInput);
  if (words) say(words, "warning");
  else edit("Connect", (now) => connect(now, connection));
  return words === null;
}

/** What becomes of a connection that was let go: on a card it leads there, on nothing a new step is asked for. */
export function endConnection(
  event: globalThis.MouseEvent | TouchEvent,
  state: FinalConnectionState,
  at: Point,
): void {
  if (state.isValid || !state.fromNode || !state.fromHandle) return;
  const { clientX, clientY } =
    "changedTouches" in event ? (event.changedTouches[0] ?? event.touches[0] ?? NO_TOUCH) : event;
  const under = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>(".react-flow__node");
  const target = under?.dataset.id;
  const own = state.fromNode.id;
  const isCard = target !== undefined && target in useCanvas.getState().cards;
  const isForward = state.fromHandle.type === "source";
  const isAround = isCard && useCanvas.getState().family.parentOf.get(own) === target;
  if (isCard && target !== own && !isAround) {
    const source = isForward ? own : target;
    const port = isForward
      ? (state.fromHandle.id ?? "main")
      : (useCanvas.getState().cards[source]?.ports[0] ?? "main");
    connectTo({ from: source, port, to: isForward ? target : own });
  } else if (isForward && target !== own && !state.toNode)
    openAdder({ from: own, port: state.fromHandle.id ?? "main", at: { x: at.x + HALF, y: at.y } });
}

/** Half a card: what is added where a connection ends begins there. */
const HALF = 78;
const NO_TOUCH = { clientX: 0, clientY: 0 };

export const addAfter = (from: string, port: string): void => openAdder({ from, port });

export const addBetween = (between: ConnectionKey): void => openAdder({ between });

export const addInside = (parent: string): void => openAdder({ parent });

/** Asks which tool or memory to hang on an agent. */
export const addOn = (agent: string, slot: Attachment): void => openAdder({ agent, slot });

/** Asks what to add behind the one node that is chosen, else where the canvas is free. */
export const add = (): void => openAdder(here());

/** How many of these, in words. */
const many = (count: number, one: string, more = `${one}s`): string =>
  count === 1 ? `1 ${one}` : `${count} ${more}`;

/** Takes away everything that is chosen. */
export function removeChosen(): void {
  const { selection, definition, edit } = useEditor.getState();
  const { nodes, connections, annotations } = selection;
  const [first] = nodes;
  const name = nodes.size === 1 ? definition.nodes.find(({ id }) => id === first)?.name : undefined;
  const label =
    nodes.size > 0
      ? `Delete ${name ?? many(nodes.size, "step")}`
      : connections.size > 0
        ? "Disconnect"
        : `Delete ${many(annotations.size, "note")}`;
  const next = nodes.size === 1 && first !== undefined ? neighbourOf(first) : null;
  edit(label, (now) => removeAnnotations(disconnect(removeNodes(now, nodes), connections), annotations));
  useEditor.getState().choose({});
  if (next && next in useCanvas.getState().cards) focusNode(next);
}

function neighbourOf(id: string): string | null {
  const agent = useCanvas.getState().family.agentOf.get(id);
  if (agent !== undefined) return agent;
  const { connections } = useCanvas.getState().data.definition;
  return (
    connections.find(({ to }) => to === id)?.from ?? connections.find(({ from }) => from === id)?.to ?? null
  );
}

export function chooseAll(): void {
  const { definition, choose } = useEditor.getState();
  choose({
    nodes: new Set(definition.nodes.map(({ id }) => id)),
    annotations: new Set((definition.annotations ?? []).map(({ id }) => id)),
  });
}

/** Moves what is chosen; one press after the other is undone together. */
export function nudge(dx: number, dy: number): void {
  const { selection, edit } = useEditor.getState();
  const scene = sceneNow();
  const wanted: Record<string, Point> = {};
  for (const id of selection.nodes) {
    const place = scene.places[id];
    if (place) wanted[id] = { x: place.x + dx, y: place.y + dy };
  }
  edit(
    "Move",
    (now) => {
      const moved = Object.keys(wanted).length > 0 ? moveTo(now, scene, wanted).definition : now;
      if (selection.annotations.size === 0) return moved;
      const annotations = moved.annotations?.map((one) =>
        selection.annotations.has(one.id)
          ? { ...one, position: { x: one.position.x + dx, y: one.position.y + dy } }
          : one,
      );
      return annotations ? { ...moved, annotations } : moved;
    },
    "nudge",
  );
}

/** Switches what is chosen off, or on again where all of it is off. */
export function toggleDisabled(): void {
  const { selection, definition, edit } = useEditor.getState();
  const chosen = definition.nodes.filter(({ id }) => selection.nodes.has(id));
  const isOff = chosen.every(({ disabled }) => disabled);
  edit(isOff ? "Enable" : "Disable", (now) =>
    chosen.reduce((last, { id }) => setNode(last, id, { disabled: isOff ? undefined : true } as never), now),
  );
}

/** A frame around what is chosen. */
export function frameChosen(): void {
  const { selection, edit, data, definition } = useEditor.getState();
  const shape = frameAround(selection.nodes, sceneNow());
  if (!shape) return;
  const id = freeId(definition, "frame");
  edit("Group into a frame", (now) =>
    addAnnotation(now, { id, kind: "frame", text: "", color: "grey", ...shape, ...signed(data.me.name) }),
  );
  useEditor.getState().choose({ annotations: new Set([id]) });
  useSurface.setState({ writing: id });
}

/** A note in the middle of what is seen, to be written at once. */
export function addNote(at = middle()): void {
  const { edit, data, definition } = useEditor.getState();
  const id = freeId(definition, "note");
  const note: Annotation = {
    id,
    kind: "note",
    text: "",
    color: "yellow",
    position: { x: at.x - NOTE_SIZE.width / 2, y: at.y - NOTE_SIZE.height / 2 },
    ...NOTE_SIZE,
    ...signed(data.me.name),
  };
  edit("Add a note", (now) => addAnnotation(now, note));
  useEditor.getState().choose({ annotations: new Set([id]) });
  useSurface.setState({ writing: id });
}

const signed = (author: string): Pick<Annotation, "author" | "written_at"> => ({
  author,
  written_at: new Date().toISOString(),
});

/** Puts what is chosen into a container, or out of all with null, and says what that cost. */
export function putInto(into: string | null): void {
  const { selection, definition, edit, types } = useEditor.getState();
  const scene = sceneNow();
  const isTrigger = (id: string): boolean => {
    const node = definition.nodes.find((one) => one.id === id);
    return (node && types.get(typeKey(node))?.is_trigger) ?? false;
  };
  const refused =
    into === null ? null : refusalInside(definition, scene.family, selection.nodes, into, isTrigger);
  if (refused) {
    say(refused, "warning");
    return;
  }
  const wanted: Record<string, Point> = {};
  for (const id of selection.nodes) {
    const parent = scene.family.parentOf.get(id);
    const outer = parent === undefined ? undefined : scene.places[parent];
    const size = parent === undefined ? undefined : scene.sizes[parent];
    if (into !== null) wanted[id] = placeInside(scene, into);
    else if (outer && size) wanted[id] = { x: outer.x, y: outer.y + size.height + 28 };
  }
  let cut = 0;
  edit(into === null ? "Move out" : "Move in", (now) => {
    const result = moveTo(now, scene, wanted, into);
    cut = result.cut.length;
    return result.definition;
  });
  if (cut > 0) say(`${many(cut, "connection")} went: none can cross a loop’s border.`);
}

/** The containers that the chosen nodes may be put into. */
export function containersFor(ids: ReadonlySet<string>): string[] {
  const { family } = useCanvas.getState();
  const scene = sceneNow();
  return [...family.containers].filter((container) => {
    const place = scene.places[container];
    if (ids.has(container) || !place) return false;
    for (let at: string | undefined = container; at !== undefined; at = family.parentOf.get(at))
      if (ids.has(at)) return false;
    return [...ids].some((id) => family.parentOf.get(id) !== container);
  });
}

/** Brings a node into sight and the focus to it. */
export function focusNode(id: string): void {
  useSurface.setState({ reached: id });
  bringIntoSight(id);
  const before = document.activeElement;
  let tries = 20;
  const focus = (): void => {
    // Whoever went on elsewhere meanwhile is left there.
    const at = document.activeElement;
    if (at && at !== before && at !== document.body) return;
    const element = document.querySelector<HTMLElement>(`.editor-surface [data-id="${CSS.escape(id)}"]`);
    element?.focus({ preventScroll: true });
    // It may not be drawn yet, or a dialog is just closing.
    if (document.activeElement !== element && --tries > 0) requestAnimationFrame(focus);
  };
  focus();
}

/** Moves the view no further than needed for a node to be seen. */
export function bringIntoSight(id: string, duration = 0): void {
  const view = theView();
  const { places, cards } = useCanvas.getState();
  const [place, card] = [places[id], cards[id]];
  const box = document.querySelector(".editor-surface")?.getBoundingClientRect();
  if (!view || !place || !card || !box) return;
  const { x, y, zoom } = view.getViewport();
  const margin = 48;
  const [left, top] = [place.x * zoom + x, place.y * zoom + y];
  const [right, bottom] = [left + card.width * zoom, top + card.height * zoom];
  let [dx, dy] = [0, 0];
  if (left < margin) dx = margin - left;
  else if (right > box.width - margin) dx = Math.max(margin - left, box.width - margin - right);
  if (top < margin) dy = margin - top;
  else if (bottom > box.height - margin - 24) dy = Math.max(margin - top, box.height - margin - 24 - bottom);
  if (dx || dy) void view.setViewport({ x: x + dx, y: y + dy, zoom }, { duration });
}
