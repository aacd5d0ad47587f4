/** Everything that can be done on the canvas, for keys, menus and the shortcut sheet. */

import { useCanvas } from "../../canvas/store.ts";
import { type Command, registerCommands } from "../commands.ts";
import { focusPanel } from "../panel/focus.ts";
import { useEditor } from "../store.ts";
import {
  add,
  addNote,
  chooseAll,
  containersFor,
  focusNode,
  frameChosen,
  nudge,
  putInto,
  removeChosen,
  toggleDisabled,
} from "./actions.ts";
import { tidyUp } from "./arranging.ts";
import { agentsFor, hangable, takeOff } from "./hanging.ts";
import { sceneNow } from "./scene.ts";
import { theView, useSurface } from "./state.ts";
import { fitTo, slow, zoomTo } from "./view.ts";
import { type Direction, readingOrder, step } from "./walk.ts";

const STEP = 4;
const FAR = 20;

const chosen = () => useEditor.getState().selection;
const isFree = (): boolean => !useEditor.getState().isLocked;
const hasNodes = (): boolean => chosen().nodes.size > 0;
const hasAny = (): boolean => {
  const { nodes, connections, annotations } = chosen();
  return nodes.size + connections.size + annotations.size > 0;
};

/** Whether the keys are meant for the canvas: nothing else on the page has the focus. */
function isOnCanvas(): boolean {
  const at = document.activeElement;
  return isNowhere(at) || (at.closest(".editor-surface") !== null && !isField(at));
}

/** The page itself has the focus, as after a click on the empty canvas. */
const isNowhere = (at: Element | null): at is null => !at || at === document.body || at.id === "main";

const isField = (element: Element): boolean =>
  element.matches("input, textarea, select, [contenteditable]") || element.closest("[role=dialog]") !== null;

/** The node on which the focus is. */
function focused(): string | null {
  const id = document.activeElement?.closest<HTMLElement>(".editor-surface .react-flow__node")?.dataset.id;
  return id !== undefined && id in useCanvas.getState().cards ? id : null;
}

/** The step that a connection by keys would leave from. */
function source(): string | null {
  const id = focused() ?? (chosen().nodes.size === 1 ? ([...chosen().nodes][0] ?? null) : null);
  return id !== null && useCanvas.getState().cards[id]?.ports.length ? id : null;
}

function loopHere(): string | null {
  const id = focused() ?? [...chosen().nodes][0];
  return id !== undefined && useCanvas.getState().family.containers.has(id) ? id : null;
}

function walk(direction: Direction): void {
  const { data, cards } = useCanvas.getState();
  const scene = sceneNow();
  const from = focused() ?? [...chosen().nodes][0] ?? null;
  const next =
    from === null
      ? (readingOrder(scene)[0] ?? null)
      : step(scene, data.definition.connections, (id) => cards[id]?.ports ?? [], from, direction);
  if (next !== null) goTo(next);
}

/** Chooses a node and brings the focus to it; the panel follows where it is open. */
export function goTo(id: string): void {
  const { open, show, choose } = useEditor.getState();
  if (open !== null) show(id);
  else choose({ nodes: new Set([id]) });
  focusNode(id);
}

function read(by: number | "first" | "last"): void {
  const order = readingOrder(sceneNow());
  const at = order.indexOf(focused() ?? "");
  const id =
    by === "first"
      ? order[0]
      : by === "last"
        ? order.at(-1)
        : order[Math.max(0, Math.min(order.length - 1, at + by))];
  if (id !== undefined) goTo(id);
}

const walking = (direction: Direction, key: string): Command => ({
  id: `canvas.walk_${direction}`,
  title: { left: "Go to the step before", right: "Go to the next step", up: "Go up", down: "Go down" }[
    direction
  ],
  group: "Canvas",
  keys: [key],
  isRepeated: true,
  isPossible: () => isOnCanvas() && useEditor.getState().definition.nodes.length > 0,
  run: () => walk(direction),
});

const moving = (direction: Direction, key: string, dx: number, dy: number): Command[] =>
  [STEP, FAR].map((by) => ({
    id: `canvas.move_${direction}${by === FAR ? "_far" : ""}`,
    title: `Move ${direction} by ${by}`,
    group: "Edit",
    keys: [by === FAR ? `alt+shift+${key}` : `alt+${key}`],
    // One line for the four directions.
    sheet:
      direction === "left"
        ? { keys: by === FAR ? "alt+shift+Arrows" : "alt+Arrows", title: `Move by ${by}` }
        : null,
    isRepeated: true,
    isPossible: () => isOnCanvas() && isFree() && (hasNodes() || chosen().annotations.size > 0),
    run: () => nudge(dx * by, dy * by),
  }));

const COMMANDS: readonly Command[] = [
  {
    id: "canvas.add",
    title: "Add a step",
    group: "Edit",
    keys: ["Tab", "+"],
    icon: "plus",
    // From a node the Tab key adds the next one; without one it goes on through the page as everywhere.
    isPossible: () => isOnCanvas() && isFree() && (focused() !== null || isNowhere(document.activeElement)),
    run: add,
  },
  {
    id: "canvas.open",
    title: "Open the step",
    group: "Canvas",
    keys: ["Enter"],
    icon: "panel-bottom-open",
    isPossible: () => {
      const at = document.activeElement;
      return isOnCanvas() && (at?.classList.contains("react-flow__node") ?? false);
    },
    run: () => {
      const id = document.activeElement?.closest<HTMLElement>(".react-flow__node")?.dataset.id;
      if (id === undefined) return;
      if (id in useCanvas.getState().cards) {
        useEditor.getState().show(id);
        focusPanel();
      } else if (isFree()) useSurface.setState({ writing: id });
    },
  },
  {
    id: "canvas.escape",
    title: "Let go of what is chosen, close the panel",
    group: "Canvas",
    keys: ["Escape"],
    isPossible: () => isOnCanvas() && (hasAny() || useEditor.getState().open !== null),
    run: () => {
      const { open, show, choose } = useEditor.getState();
      if (open !== null) show(null);
      else choose({});
    },
  },
  {
    id: "canvas.delete",
    title: "Delete",
    group: "Edit",
    keys: ["Delete", "Backspace"],
    icon: "trash-2",
    isPossible: () => isOnCanvas() && isFree() && hasAny(),
    run: removeChosen,
  },
  {
    id: "canvas.select_all",
    title: "Select all",
    group: "Edit",
    keys: ["mod+a"],
    isPossible: isOnCanvas,
    run: chooseAll,
  },
  {
    id: "canvas.connect",
    title: "Connect with a step",
    group: "Edit",
    keys: ["c"],
    icon: "spline",
    isPossible: () => isOnCanvas() && isFree() && source() !== null,
    run: () => useSurface.setState({ connecting: source() }),
  },
  {
    id: "canvas.disable",
    title: "Disable or enable",
    group: "Edit",
    keys: ["d"],
    icon: "power",
    isPossible: () => isOnCanvas() && isFree() && hasNodes(),
    run: toggleDisabled,
  },
  {
    id: "canvas.frame",
    title: "Group into a frame",
    group: "Edit",
    keys: ["mod+g"],
    icon: "group",
    words: "group",
    isPossible: () => isOnCanvas() && isFree() && hasNodes(),
    run: frameChosen,
  },
  {
    id: "canvas.note",
    title: "Add a note",
    group: "Edit",
    keys: ["n"],
    icon: "sticky-note",
    isPossible: () => isOnCanvas() && isFree(),
    run: () => addNote(),
  },
  {
    id: "canvas.move_in",
    title: "Move into a loop",
    group: "Edit",
    icon: "log-in",
    isPossible: () =>
      isFree() && hangable().length < chosen().nodes.size && containersFor(chosen().nodes).length > 0,
    run: () => useSurface.setState({ isNesting: true }),
  },
  {
    id: "canvas.move_out",
    title: "Move out of the loop",
    group: "Edit",
    icon: "log-out",
    isPossible: () => {
      const { parentOf } = useCanvas.getState().family;
      return isFree() && [...chosen().nodes].some((id) => parentOf.has(id));
    },
    run: () => putInto(null),
  },
  {
    id: "canvas.hang",
    title: "Hang on an agent",
    group: "Edit",
    icon: "link",
    words: "attach tool memory give move swap",
    isPossible: () => isFree() && hangable().length > 0 && agentsFor().length > 0,
    run: () => useSurface.setState({ isHanging: true }),
  },
  {
    id: "canvas.take_off",
    title: "Take off the agent",
    group: "Edit",
    icon: "unlink",
    words: "detach tool memory",
    isPossible: () => {
      const { agentOf } = useCanvas.getState().family;
      return isFree() && hangable().some((id) => agentOf.has(id));
    },
    run: takeOff,
  },
  {
    id: "canvas.tidy",
    title: "Tidy up what is selected, or everything",
    group: "Edit",
    keys: ["shift+l"],
    words: "layout arrange align order",
    icon: "layout-grid",
    isPossible: () => isFree() && useEditor.getState().definition.nodes.length > 0,
    run: () => tidyUp(chosen().nodes),
  },
  {
    id: "canvas.toggle_loop",
    title: "Close or open the loop",
    group: "View",
    icon: "chevrons-down-up",
    keys: ["."],
    isPossible: () => isOnCanvas() && loopHere() !== null,
    run: () => {
      const id = loopHere();
      if (id !== null) void useCanvas.getState().toggle(id);
    },
  },
  {
    id: "canvas.search",
    title: "Find on the canvas",
    group: "View",
    keys: ["mod+f"],
    icon: "search",
    run: () => useSurface.setState({ isSearching: true }),
  },
  {
    id: "canvas.fit",
    title: "Zoom to fit",
    group: "View",
    keys: ["shift+1"],
    icon: "maximize",
    run: () => fitTo(),
  },
  {
    id: "canvas.fit_selection",
    title: "Zoom to what is selected",
    group: "View",
    keys: ["shift+2"],
    icon: "scan-search",
    isPossible: () => hasNodes() || chosen().annotations.size > 0,
    run: () => fitTo([...chosen().nodes, ...chosen().annotations]),
  },
  { id: "canvas.zoom_100", title: "Zoom to 100%", group: "View", keys: ["shift+0"], run: () => zoomTo(1) },
  {
    id: "canvas.zoom_in",
    title: "Zoom in",
    group: "View",
    keys: ["="],
    isRepeated: true,
    run: () => void theView()?.zoomIn({ duration: slow() / 3 }),
  },
  {
    id: "canvas.zoom_out",
    title: "Zoom out",
    group: "View",
    keys: ["-"],
    isRepeated: true,
    run: () => void theView()?.zoomOut({ duration: slow() / 3 }),
  },
  walking("left", "ArrowLeft"),
  walking("right", "ArrowRight"),
  walking("up", "ArrowUp"),
  walking("down", "ArrowDown"),
  {
    id: "canvas.first",
    title: "Go to the first step",
    group: "Canvas",
    keys: ["Home"],
    isPossible: isOnCanvas,
    run: () => read("first"),
  },
  {
    id: "canvas.last",
    title: "Go to the last step",
    group: "Canvas",
    keys: ["End"],
    isPossible: isOnCanvas,
    run: () => read("last"),
  },
  {
    id: "canvas.next",
    title: "Go on in reading order",
    group: "Canvas",
    keys: ["PageDown"],
    isPossible: isOnCanvas,
    run: () => read(1),
  },
  {
    id: "canvas.previous",
    title: "Go back in reading order",
    group: "Canvas",
    keys: ["PageUp"],
    isPossible: isOnCanvas,
    run: () => read(-1),
  },
  ...moving("left", "ArrowLeft", -1, 0),
  ...moving("right", "ArrowRight", 1, 0),
  ...moving("up", "ArrowUp", 0, -1),
  ...moving("down", "ArrowDown", 0, 1),
];

export const registerSurfaceCommands = (): void => registerCommands(COMMANDS);
