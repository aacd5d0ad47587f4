/** Dragging nodes, notes and frames: what goes along, where it snaps, into which container it falls. */

import type { NodeChange } from "@xyflow/react";
import { agentAt, hangingAt, isAttachment } from "../../canvas/docking.ts";
import { INPUT_OFFSET, portOffset } from "../../canvas/measure.ts";
import type { Rect } from "../../canvas/routing.ts";
import { useCanvas } from "../../canvas/store.ts";
import { attach, detach, type Point, setAnnotation, withInside } from "../document/edits.ts";
import { say } from "../notices.ts";
import { typeKey, useEditor } from "../store.ts";
import { containerAt, moveTo, refusalInside } from "./containers.ts";
import { membersOf } from "./frames.ts";
import { align } from "./guides.ts";
import { around, rectsIn, type Scene, sceneNow } from "./scene.ts";
import { theView, useSurface } from "./state.ts";

/** So near, in pixels of the screen, things snap to one another. */
const REACH = 6;

interface Drag {
  scene: Scene;
  /** Where everything that moves stood, within its container, and on the canvas. */
  starts: Map<string, Point>;
  /** What goes along with a frame. */
  carried: Map<string, { frame: string; start: Point }>;
  /** What stands still and may be aligned with. */
  others: Rect[];
  nodes: Set<string>;
  /** The tools and memories, where nothing else is dragged: they fall on agents, too. */
  loose: readonly string[];
}

let drag: Drag | null = null;

/** Takes what the drawing library says of dragged things; true if anything was. */
export function dragTo(changes: readonly NodeChange[]): boolean {
  const wanted = new Map<string, Point>();
  for (const change of changes)
    if (change.type === "position" && change.dragging && change.position)
      wanted.set(change.id, change.position);
  if (wanted.size === 0) return false;
  drag ??= begin([...wanted.keys()]);
  const { scene, others, carried } = drag;
  const boxes: Rect[] = [];
  for (const [id, place] of wanted) {
    const rect = rectOfMoved(scene, id, place);
    if (rect) boxes.push(rect);
  }
  const box = around(boxes);
  const zoom = theView()?.getZoom() ?? 1;
  const { by, guides } =
    box && drag.loose.length === 0
      ? align(
          box,
          near(others, box),
          REACH / zoom,
          wanted.size === 1 ? levels([...wanted.keys()][0] ?? "", box) : [],
        )
      : { by: { x: 0, y: 0 }, guides: [] };
  const moved: Record<string, Point> = {};
  for (const [id, place] of wanted) moved[id] = { x: place.x + by.x, y: place.y + by.y };
  for (const [id, { frame, start }] of carried) {
    const before = drag.starts.get(frame);
    const now = moved[frame];
    if (before && now) moved[id] = { x: start.x + now.x - before.x, y: start.y + now.y - before.y };
  }
  useSurface.setState({ moved, guides });
  return true;
}

/** Forgets a drag that nobody ended: what was dragged may be gone. */
export function forgetDrag(): void {
  drag = null;
  useSurface.setState({ moved: null, guides: [], into: null, warning: "" });
}

function begin(ids: string[]): Drag {
  const scene = sceneNow();
  const { definition } = useEditor.getState();
  const { positions } = useCanvas.getState();
  const notes = new Map((definition.annotations ?? []).map((one) => [one.id, one]));
  const starts = new Map<string, Point>();
  const carried: Drag["carried"] = new Map();
  for (const id of ids) starts.set(id, positions[id] ?? notes.get(id)?.position ?? { x: 0, y: 0 });
  for (const id of ids) {
    const frame = notes.get(id);
    if (frame?.kind !== "frame") continue;
    for (const inner of membersOf(frame, definition, scene)) {
      if (starts.has(inner) || carried.has(inner)) continue;
      carried.set(inner, {
        frame: id,
        start: positions[inner] ?? notes.get(inner)?.position ?? { x: 0, y: 0 },
      });
    }
  }
  const all = [...starts.keys(), ...carried.keys()];
  const nodes = new Set(all.filter((id) => !notes.has(id)));
  const still = withInside(definition, nodes);
  const level = scene.family.parentOf.get(ids[0] ?? "") ?? "";
  const others = rectsIn(scene, level).filter(({ id }) => !still.has(id));
  const isLoose = definition.nodes.every((node) => !nodes.has(node.id) || isAttachment(node));
  return { scene, starts, carried, others, nodes, loose: isLoose ? [...nodes] : [] };
}

function rectOfMoved(scene: Scene, id: string, place: Point): Rect | null {
  const { annotations = [] } = useEditor.getState().definition;
  const note = annotations.find((one) => one.id === id);
  if (note) return { id, ...place, width: note.width ?? 240, height: note.height ?? 96 };
  const size = scene.sizes[id];
  const parent = scene.family.agentOf.get(id) ?? scene.family.parentOf.get(id);
  const corner = parent === undefined ? { x: 0, y: 0 } : (scene.places[parent] ?? { x: 0, y: 0 });
  return size
    ? { id, x: corner.x + place.x, y: corner.y + place.y, width: size.width, height: size.height }
    : null;
}

/** Of what stands still, what can be seen: nobody aligns with what is far away. */
function near(others: readonly Rect[], box: Rect): Rect[] {
  return others.filter(
    (rect) => Math.abs(rect.x - box.x) < 1200 + rect.width && Math.abs(rect.y - box.y) < 700 + rect.height,
  );
}

/** The moves along y that make one of the node's connections a straight line. */
function levels(id: string, box: Rect): number[] {
  const { cards, places, data } = useCanvas.getState();
  const found: number[] = [];
  for (const { from, port, to } of data.definition.connections) {
    const other = from === id ? to : to === id ? from : null;
    const place = other === null ? undefined : places[other];
    const [source, target] = [cards[from], cards[to]];
    if (!place || !source || !target) continue;
    const offset = portOffset(source.ports, port);
    found.push(
      from === id ? place.y + INPUT_OFFSET - box.y - offset : place.y + offset - box.y - INPUT_OFFSET,
    );
  }
  return found;
}

/** Shows which container would take what is dragged. */
export function dragOver(pointer: Point): void {
  if (!drag || drag.nodes.size === 0) return;
  const { definition } = useEditor.getState();
  const agent = drag.loose.length > 0 ? agentAt(pointer, drag.scene.sizes, drag.scene.places) : null;
  if (agent !== null) {
    useSurface.setState({ into: agent, warning: "" });
    return;
  }
  const into = containerAt(drag.scene, pointer, drag.nodes);
  const isNew = [...drag.starts.keys()].some(
    (id) => drag?.nodes.has(id) && (drag.scene.family.parentOf.get(id) ?? null) !== into,
  );
  const moving = drag.nodes;
  const cut = isNew
    ? definition.connections.filter(({ from, to }) => moving.has(from) !== moving.has(to)).length
    : 0;
  const refused = isNew && into !== null ? refusalHere(into, drag) : null;
  useSurface.setState({
    into: isNew && !refused ? into : null,
    warning: refused ?? (cut ? `${cut === 1 ? "1 connection" : `${cut} connections`} will be removed` : ""),
  });
}

function refusalHere(into: string, { scene, starts, nodes }: Drag): string | null {
  const { definition, types } = useEditor.getState();
  const isTrigger = (id: string): boolean => {
    const node = definition.nodes.find((one) => one.id === id);
    return (node && types.get(typeKey(node))?.is_trigger) ?? false;
  };
  const ids = [...starts.keys()].filter((id) => nodes.has(id));
  return refusalInside(definition, scene.family, ids, into, isTrigger);
}

/** Lets tools and memories go: on the agent under the pointer, or off theirs. Says whether that is what happened. */
function hang({ scene, loose }: Drag, pointer: Point, moved: Readonly<Record<string, Point>>): boolean {
  const { edit } = useEditor.getState();
  const agent = loose.length > 0 ? agentAt(pointer, scene.sizes, scene.places) : null;
  const corner = agent === null ? undefined : scene.places[agent];
  const dock = agent === null ? null : scene.sizes[agent]?.dock;
  if (agent !== null && corner && dock) {
    const before = hangingAt(dock, { x: pointer.x - corner.x, y: pointer.y - corner.y });
    if (before !== null && loose.includes(before) && scene.family.agentOf.get(before) === agent) return true;
    const all = loose.filter((id) => id !== before);
    edit(all.length === 1 ? "Hang on an agent" : `Hang ${all.length} things on an agent`, (now) =>
      all.reduce((last, id) => attach(last, agent, id, before), now),
    );
    return true;
  }
  const off = loose.filter((id) => scene.family.agentOf.has(id));
  if (off.length === 0) return false;
  const parent = containerAt(scene, pointer, new Set(loose));
  const outer = (parent === null ? undefined : scene.places[parent]) ?? { x: 0, y: 0 };
  edit("Take off the agent", (now) =>
    off.reduce((last, id) => {
      const rect = moved[id] && rectOfMoved(scene, id, moved[id]);
      if (!rect) return last;
      const position = { x: Math.round(rect.x - outer.x), y: Math.round(rect.y - outer.y) };
      return detach(last, id, { position, parent });
    }, now),
  );
  return true;
}

/** Lets go: what was moved stays where it is, in the container under the pointer. */
export function drop(pointer: Point): void {
  const { moved } = useSurface.getState();
  const ended = drag;
  drag = null;
  useSurface.setState({ moved: null, guides: [], into: null, warning: "" });
  if (!ended || !moved) return;
  if (hang(ended, pointer, moved)) return;
  const { scene, nodes } = ended;
  const wanted: Record<string, Point> = {};
  for (const id of nodes) {
    const rect = moved[id] && rectOfMoved(scene, id, moved[id]);
    if (rect) wanted[id] = { x: Math.round(rect.x), y: Math.round(rect.y) };
  }
  const target = nodes.size > 0 ? containerAt(scene, pointer, nodes) : null;
  const isNew = [...ended.starts.keys()].some(
    (id) => nodes.has(id) && (scene.family.parentOf.get(id) ?? null) !== target,
  );
  const refused = isNew && target !== null ? refusalHere(target, ended) : null;
  if (refused) say(refused, "warning");
  const isEntering = isNew && !refused && ended.carried.size === 0;
  const count = Object.keys(moved).length;
  let cut = 0;
  useEditor.getState().edit(count === 1 ? "Move" : `Move ${count} things`, (definition) => {
    let now = definition;
    if (nodes.size > 0) {
      const result = moveTo(now, scene, wanted, isEntering ? target : undefined);
      now = result.definition;
      cut = result.cut.length;
    }
    for (const { id } of definition.annotations ?? []) {
      const place = moved[id];
      if (place)
        now = setAnnotation(now, id, { position: { x: Math.round(place.x), y: Math.round(place.y) } });
    }
    return now;
  });
  if (cut > 0)
    say(
      `${cut === 1 ? "1 connection" : `${cut} connections`} went: none can cross a loop’s border. Undo brings ${cut === 1 ? "it" : "them"} back.`,
    );
}
