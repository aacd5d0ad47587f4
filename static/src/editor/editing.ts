/** Undo, redo, and the clipboard: copy, cut, paste and duplicate, by keys, from menus, and files dropped on the canvas. */

import { showToast } from "../app/toasts.ts";
import { isAttachment } from "../canvas/docking.ts";
import { useCanvas } from "../canvas/store.ts";
import type { Definition, Json } from "../canvas/types.ts";
import { ask } from "./api.ts";
import { registerCommands } from "./commands.ts";
import {
  type Clip,
  clipOf,
  isEmpty,
  pasted,
  type Read,
  read,
  textOf,
  type Where,
} from "./document/clipboard.ts";
import { disconnect, type Point, removeAnnotations, removeNodes } from "./document/edits.ts";
import { containerAt, drawn, here, isOverCanvas } from "./palette/adding.ts";
import { withPositions } from "./palette/planning.ts";
import { useEditor } from "./store.ts";
import { troubleOf } from "./sync/state.ts";
import { middle, toCanvas } from "./viewport.ts";

/** What is read of a file, in bytes; the server takes no larger definition. */
const LARGEST = 1_000_000;
/** Nodes that the server takes. */
const MOST = 500;
const SHIFT: Point = { x: 20, y: 20 };

interface Converted {
  definition: Definition;
  form: string;
  remarks: { kind: string; node: string; message: string }[];
}

let pointer: Point | null = null;
/** What was last copied here, for browsers that keep their clipboard to themselves. */
let lastCopied = "";

/** Makes the commands known and listens to the browser's clipboard. Call once. */
export function startEditing(): void {
  registerCommands([
    {
      id: "edit.undo",
      title: "Undo",
      group: "Edit",
      keys: ["mod+z"],
      icon: "undo-2",
      words: "back revert",
      isRepeated: true,
      isPossible: () => !useEditor.getState().isLocked && useEditor.getState().history.past.length > 0,
      run: () => useEditor.getState().undo(),
    },
    {
      id: "edit.redo",
      title: "Redo",
      group: "Edit",
      keys: ["mod+shift+z", "mod+y"],
      icon: "redo-2",
      words: "again",
      isRepeated: true,
      isPossible: () => !useEditor.getState().isLocked && useEditor.getState().history.future.length > 0,
      run: () => useEditor.getState().redo(),
    },
    {
      id: "edit.copy",
      title: "Copy",
      group: "Edit",
      keys: ["mod+c"],
      isNative: true,
      icon: "copy",
      isPossible: () => !isEmpty(chosen()),
      run: () => copyByCommand(chosen()),
    },
    {
      id: "edit.cut",
      title: "Cut",
      group: "Edit",
      keys: ["mod+x"],
      isNative: true,
      icon: "scissors",
      isPossible: () => canChange() && !isEmpty(chosen()),
      run: async () => {
        await copyByCommand(chosen());
        removeChosen("Cut");
      },
    },
    {
      id: "edit.paste",
      title: "Paste",
      group: "Edit",
      keys: ["mod+v"],
      isNative: true,
      icon: "clipboard-paste",
      isPossible: canChange,
      run: pasteByCommand,
    },
    {
      id: "edit.duplicate",
      title: "Duplicate",
      group: "Edit",
      keys: ["mod+d"],
      icon: "copy-plus",
      words: "copy twice again",
      isPossible: () => canChange() && !isEmpty(chosen()),
      run: duplicate,
    },
  ]);
  window.addEventListener("pointermove", ({ clientX, clientY }) => {
    pointer = { x: clientX, y: clientY };
  });
  document.addEventListener("copy", (event) => take(event, "copy"));
  document.addEventListener("cut", (event) => take(event, "cut"));
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (isElsewhere(event.target) || !canChange() || !read(text)) return;
    event.preventDefault();
    void pasteText(text, placeAtPointer());
  });
  window.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files") || !isOverCanvas(at(event))) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = canChange() ? "copy" : "none";
  });
  window.addEventListener("drop", (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0 || !isOverCanvas(at(event))) return;
    event.preventDefault(); // else the browser would open the file and leave the page
    if (canChange()) void pasteFiles(files, toCanvas(at(event)));
  });
}

const at = ({ clientX, clientY }: MouseEvent): Point => ({ x: clientX, y: clientY });
const canChange = (): boolean => !useEditor.getState().isLocked;

/** The chosen nodes and notes. */
function chosen(): Clip {
  const { definition, selection } = useEditor.getState();
  return clipOf(definition, selection, useCanvas.getState().places);
}

/** Text that somebody is writing, or has marked, is the browser's. */
function isElsewhere(target: EventTarget | null): boolean {
  const element = target instanceof Element ? target : null;
  if (element?.closest("input, textarea, select, [contenteditable=true], .cm-editor, dialog")) return true;
  return getSelection()?.isCollapsed === false;
}

function take(event: ClipboardEvent, kind: "copy" | "cut"): void {
  if (isElsewhere(event.target)) return;
  const clip = chosen();
  if (isEmpty(clip) || (kind === "cut" && !canChange())) return;
  lastCopied = textOf(clip);
  event.clipboardData?.setData("text/plain", lastCopied);
  event.preventDefault();
  if (kind === "cut") removeChosen("Cut");
}

async function copyByCommand(clip: Clip): Promise<void> {
  lastCopied = textOf(clip);
  // Where the browser keeps it, what was copied can be pasted in this tab.
  await navigator.clipboard?.writeText(lastCopied).catch(() => undefined);
  showToast({ text: `Copied ${counted(clip)}` });
}

async function pasteByCommand(): Promise<void> {
  const text = await navigator.clipboard?.readText().catch(() => lastCopied);
  await pasteText(text ?? lastCopied, { middle: middle() });
}

function removeChosen(label: string): void {
  const { selection, edit } = useEditor.getState();
  edit(`${label} ${counted(chosen())}`, (now) =>
    removeAnnotations(
      removeNodes(disconnect(now, selection.connections), selection.nodes),
      selection.annotations,
    ),
  );
}

function duplicate(): void {
  const clip = chosen();
  const { definition, selection } = useEditor.getState();
  const parents = new Set(
    definition.nodes.filter(({ id }) => selection.nodes.has(id)).map(({ parent }) => parent ?? null),
  );
  const [only = null, ...others] = parents;
  const ids = new Set(clip.nodes.map(({ id }) => id));
  const { agentOf } = useCanvas.getState().family;
  const agents = new Map([...agentOf].filter(([id, agent]) => ids.has(id) && !ids.has(agent)));
  insert(clip, { by: SHIFT, parent: others.length > 0 ? null : containerOf(only), agents }, "Duplicate");
}

function containerOf(id: string | null): Where["parent"] {
  const corner = id === null ? undefined : useCanvas.getState().places[id];
  return id === null || !corner ? null : { id, corner };
}

/** Where somebody points on the canvas; else the middle of what is seen. */
function placeAtPointer(): Where {
  if (!pointer || !isOverCanvas(pointer)) return { middle: middle() };
  const place = toCanvas(pointer);
  return { middle: place, parent: containerOf(containerAt(place)) };
}

async function pasteFiles(files: readonly File[], place: Point): Promise<void> {
  for (const file of files) {
    if (file.size > LARGEST) {
      showToast({ tone: "error", text: `${file.name} is too large`, detail: "A workflow has at most 1 MB." });
      continue;
    }
    const text = await file.text();
    if (!(await pasteText(text, { middle: place, parent: containerOf(containerAt(place)) })))
      showToast({
        tone: "error",
        text: `${file.name} holds no workflow`,
        detail: "Drop a file that was exported here or from another product, as JSON.",
      });
  }
}

/** Puts what a text holds on the canvas. Says whether it held anything. */
async function pasteText(text: string, where: Where): Promise<boolean> {
  const found = read(text);
  if (!found) return false;
  const clip = found.kind === "clip" ? found.clip : await converted(found);
  if (clip) insert(clip, { ...where, agents: agentsHere(clip) }, "Paste");
  return true;
}

/** Tools and memories alone are pasted onto the agent that is chosen. */
function agentsHere({ nodes }: Clip): ReadonlyMap<string, string> {
  const { agent } = here();
  return new Map(agent && nodes.every(isAttachment) ? nodes.map(({ id }) => [id, agent]) : []);
}

/** A workflow of another product, read by the server. Null where it refused; it has said why, then. */
async function converted({ document }: Extract<Read, { kind: "foreign" }>): Promise<Clip | null> {
  try {
    const answer = await ask<Converted>("POST", "/api/v1/app/workflows/convert/", {
      document: document as Json,
    });
    const lost = answer.remarks.filter(({ kind }) => kind !== "changed");
    if (lost.length > 0)
      showToast({
        tone: "warning",
        text: `From ${answer.form}: ${lost.length} ${lost.length === 1 ? "thing needs" : "things need"} a look`,
        detail: lost
          .slice(0, 3)
          .map(({ node, message }) => (node ? `${node}: ${message}` : message))
          .join(" "),
      });
    const { nodes, connections, annotations = [] } = answer.definition;
    return { format: "agentflow/nodes@1", nodes, connections, annotations };
  } catch (error) {
    const { errors, detail } = troubleOf(error);
    showToast({ tone: "error", text: "This cannot be pasted", detail: errors[0]?.message ?? detail });
    return null;
  }
}

function insert(clip: Clip, where: Where, label: string): void {
  const { types, edit, definition: before } = useEditor.getState();
  if (before.nodes.length + clip.nodes.length > MOST) {
    const detail = `A workflow has at most ${MOST} nodes; it would have ${before.nodes.length + clip.nodes.length}.`;
    showToast({ tone: "error", text: "This is too much for one workflow", detail });
    return;
  }
  const isTrigger = ({ type, subtype }: Clip["nodes"][number]): boolean =>
    types.get(`${type} ${subtype}`)?.is_trigger === true;
  const place = clip.nodes.some(isTrigger) ? { ...where, parent: null } : where;
  let ids: { nodes: string[]; annotations: string[] } | undefined;
  edit(`${label} ${counted(clip)}`, (now) => {
    const firm = withPositions(now, place.parent?.id ?? null, drawn());
    const { definition, ...added } = pasted(firm, clip, { ...place, sizes: useCanvas.getState().cards });
    ids = added;
    return definition;
  });
  if (!ids) return;
  const { open, choose, show } = useEditor.getState();
  const [only, ...others] = ids.nodes;
  // An open panel goes on to what one works with now.
  if (open !== null && only !== undefined && others.length === 0) show(only);
  else choose({ nodes: new Set(ids.nodes), annotations: new Set(ids.annotations) });
}

function counted({ nodes, annotations }: Clip): string {
  if (nodes.length === 1 && annotations.length === 0) return nodes[0]?.name ?? "a node";
  if (nodes.length === 0) return annotations.length === 1 ? "a note" : `${annotations.length} notes`;
  return `${nodes.length} nodes`;
}
