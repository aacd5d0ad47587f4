/** Tidying up: everything, or what is chosen, laid out anew in one step that glides. */

import { layOut } from "../../canvas/layout.ts";
import { place } from "../../canvas/models.ts";
import { absolute } from "../../canvas/nesting.ts";
import type { Rect } from "../../canvas/routing.ts";
import { useCanvas } from "../../canvas/store.ts";
import type { Annotation, Definition } from "../../canvas/types.ts";
import { moveNodes, type Point } from "../document/edits.ts";
import { reasonOf, say } from "../notices.ts";
import { useEditor } from "../store.ts";
import { moveTo } from "./containers.ts";
import { frameAround, membersOf, NOTE_SIZE } from "./frames.ts";
import { around, rectOf, type Scene, sceneNow } from "./scene.ts";
import { reducedMotion, useSurface } from "./state.ts";
import { fitTo } from "./view.ts";

const GLIDE = 400;

/** Lays out the chosen nodes, or with none or one of them everything. */
export async function tidyUp(chosen: ReadonlySet<string>): Promise<void> {
  const before = useEditor.getState().definition;
  try {
    const next = chosen.size > 1 ? await someTidied(before, chosen) : await allTidied(before);
    // Somebody may have gone on meanwhile; then what they did counts.
    if (useEditor.getState().definition !== before) return;
    glide(() => useEditor.getState().edit("Tidy up", () => next));
    if (chosen.size < 2) fitTo();
  } catch (error) {
    say("The canvas could not be tidied up.", "error", reasonOf(error));
  }
}

async function allTidied(definition: Definition): Promise<Definition> {
  const { cards, data, family, closed } = useCanvas.getState();
  const scene = sceneNow();
  const { positions, cards: sizes } = await place(cards, data, family, closed, true);
  const places = { ...scene.places, ...absolute(positions, family) };
  const moved = moveNodes(definition, positions);
  return withNotes(moved, definition, scene, { ...scene, places, sizes });
}

async function someTidied(definition: Definition, chosen: ReadonlySet<string>): Promise<Definition> {
  const { cards } = useCanvas.getState();
  const scene = sceneNow();
  const levels = new Map<string, string[]>();
  for (const id of chosen) {
    const level = scene.family.parentOf.get(id) ?? "";
    levels.set(level, [...(levels.get(level) ?? []), id]);
  }
  const wanted: Record<string, Point> = {};
  for (const ids of levels.values()) {
    const inside = new Set(ids);
    const box = around(ids.flatMap((id) => rectOf(scene, id) ?? []));
    if (ids.length < 2 || !box) continue;
    const nodes = ids.flatMap((id) => {
      const card = cards[id];
      return card ? [{ id, width: card.width, height: card.height, ports: card.ports }] : [];
    });
    const edges = definition.connections
      .filter(({ from, to }) => inside.has(from) && inside.has(to))
      .map(({ from, port, to }) => ({ from, port: port || "main", to }));
    const { places } = await layOut(nodes, edges);
    for (const [id, { x, y }] of Object.entries(places)) wanted[id] = { x: box.x + x, y: box.y + y };
  }
  return moveTo(definition, scene, wanted).definition;
}

/** Frames stay around what was in them, notes beside what they stood by; if something is there now, below it all. */
export function withNotes(moved: Definition, before: Definition, was: Scene, now: Scene): Definition {
  if (!before.annotations) return moved;
  const frames = new Map<string, Annotation>();
  for (const one of before.annotations)
    if (one.kind === "frame") {
      const members = membersOf(one, before, was).filter((id) => id in now.places);
      frames.set(one.id, { ...one, ...frameAround(members, now) });
    }
  const inTheWay = [
    ...(now.family.childrenOf.get("") ?? []).flatMap((id) => rectOf(now, id) ?? []),
    ...[...frames.values()].map(rectOfNote),
  ];
  let bottom = Math.max(...inTheWay.map(({ y, height }) => y + height));
  const annotations = before.annotations.map((one): Annotation => {
    const frame = frames.get(one.id);
    if (frame) return frame;
    const near = nearestTo(one.position, was);
    const [from, to] = near === null ? [] : [was.places[near], now.places[near]];
    if (!from || !to) return one;
    const beside = { x: one.position.x + to.x - from.x, y: one.position.y + to.y - from.y };
    const rect = rectOfNote({ ...one, position: beside });
    if (!inTheWay.some((other) => areOver(rect, other))) return { ...one, position: beside };
    const position = { x: beside.x, y: bottom + BELOW };
    bottom = position.y + rect.height;
    return { ...one, position };
  });
  return { ...moved, annotations };
}

const BELOW = 32;

const rectOfNote = (one: Annotation): Rect => ({
  id: one.id,
  ...one.position,
  width: one.width ?? NOTE_SIZE.width,
  height: one.height ?? NOTE_SIZE.height,
});

const areOver = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function nearestTo({ x, y }: Point, scene: Scene): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const id of scene.family.childrenOf.get("") ?? []) {
    const place = scene.places[id];
    const far = place ? Math.hypot(place.x - x, place.y - y) : Number.POSITIVE_INFINITY;
    if (far < least) [best, least] = [id, far];
  }
  return best;
}

let gliding: ReturnType<typeof setTimeout> | undefined;

/** Does something after which nodes go to their new places slowly. */
function glide(change: () => void): void {
  if (reducedMotion()) {
    change();
    return;
  }
  clearTimeout(gliding);
  useSurface.setState({ isGliding: true });
  // The page must know that things glide before they do.
  requestAnimationFrame(() => {
    change();
    gliding = setTimeout(() => useSurface.setState({ isGliding: false }), GLIDE + 40);
  });
}
