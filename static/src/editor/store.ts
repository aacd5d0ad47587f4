/** What the editor knows: the draft, what of it is chosen, what was done, how it is kept. One store for all parts. */

import { create } from "zustand";
import type { Definition, Finding, NodeDocument, NodeTypeEntry } from "../canvas/types.ts";
import type { ConnectionKey } from "./document/edits.ts";
import { done, type History, NOTHING, redone, undone } from "./document/history.ts";
import type { EditorData, WorkflowInfo } from "./types.ts";

/** What is chosen on the canvas. */
export interface Selection {
  nodes: ReadonlySet<string>;
  connections: ReadonlySet<ConnectionKey>;
  annotations: ReadonlySet<string>;
}

export const NOTHING_CHOSEN: Selection = {
  nodes: new Set(),
  connections: new Set(),
  annotations: new Set(),
};

export interface EditorState {
  data: EditorData;
  workflow: WorkflowInfo;
  /** The draft as it is on the screen. */
  definition: Definition;
  /** The draft as the server has it, revision `workflow.draft_revision`. */
  saved: Definition;
  types: ReadonlyMap<string, NodeTypeEntry>;
  /** The outcomes of each node as the server last said. */
  nodePorts: Readonly<Record<string, string[]>>;
  findings: readonly Finding[];
  history: History;
  selection: Selection;
  /** The node whose panel is open. */
  open: string | null;
  /** Nobody may change anything: a phone, or somebody who may only look. */
  isLocked: boolean;
  /** What is drawn in the place of the draft, which stays as it is meanwhile: another version, how two differ. */
  looking: Definition | null;
  /**
   * Changes the draft. `label` says what was done ("Move 3 nodes"); changes with the same `key` in quick succession
   * are undone together. A change that gives the same object back was none.
   */
  edit: (label: string, change: (now: Definition) => Definition, key?: string) => void;
  undo: () => void;
  redo: () => void;
  /** Takes over what others did; cannot be undone here. */
  takeOver: (definition: Definition) => void;
  choose: (selection: Partial<Selection>) => void;
  /** Opens the panel of a node and chooses it; null closes the panel. */
  show: (nodeId: string | null) => void;
}

export const typeKey = (node: Pick<NodeDocument, "type" | "subtype">): string =>
  `${node.type} ${node.subtype}`;

const EMPTY: Definition = { nodes: [], connections: [], settings: {} };

export const useEditor = create<EditorState>()((set, get) => ({
  // The page's data is there before anything is drawn, see `begin`.
  data: null as unknown as EditorData,
  workflow: null as unknown as WorkflowInfo,
  definition: EMPTY,
  saved: EMPTY,
  types: new Map(),
  nodePorts: {},
  findings: [],
  history: NOTHING,
  selection: NOTHING_CHOSEN,
  open: null,
  isLocked: false,
  looking: null,

  edit: (label, change, key) => {
    const { definition: before, history, isLocked } = get();
    if (isLocked) return;
    const after = change(before);
    if (after === before) return;
    set({
      definition: after,
      history: done(history, { label, before, after, key, at: Date.now() }),
      ...without(get(), after),
    });
  },

  undo: () => {
    const found = undone(get().history, get().definition);
    if (found && !get().isLocked) set({ ...found, ...without(get(), found.definition) });
  },

  redo: () => {
    const found = redone(get().history, get().definition);
    if (found && !get().isLocked) set({ ...found, ...without(get(), found.definition) });
  },

  takeOver: (definition) => set({ definition, ...without(get(), definition) }),

  choose: (selection) => set({ selection: { ...NOTHING_CHOSEN, ...selection } }),

  show: (open) =>
    set(open === null ? { open } : { open, selection: { ...NOTHING_CHOSEN, nodes: new Set([open]) } }),
}));

/** What is chosen and open of what is still there. */
function without(
  { selection, open }: Pick<EditorState, "selection" | "open">,
  definition: Definition,
): Pick<EditorState, "selection" | "open"> {
  const ids = new Set(definition.nodes.map(({ id }) => id));
  const isGone = [...selection.nodes].some((id) => !ids.has(id));
  return {
    open: open !== null && ids.has(open) ? open : null,
    selection: isGone
      ? { ...selection, nodes: new Set([...selection.nodes].filter((id) => ids.has(id))) }
      : selection,
  };
}

/** Fills the store from the page's data. */
export function begin(data: EditorData): void {
  useEditor.setState({
    data,
    workflow: data.workflow,
    definition: data.definition,
    saved: data.definition,
    types: new Map(data.node_types.map((entry) => [typeKey(entry), entry])),
    nodePorts: data.node_ports,
    findings: data.findings,
  });
}
