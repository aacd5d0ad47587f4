/** Publishing, the versions there are, and what differs between two of them. */

import { create } from "zustand";
import type { Definition, Finding } from "../../canvas/types.ts";
import { ask } from "../api.ts";
import { type Difference, difference, overlaid } from "../document/diff.ts";
import { done } from "../document/history.ts";
import { look, lookAway } from "../looking.ts";
import { reasonOf, say, sayRefused } from "../notices.ts";
import { stopShowing, useRun } from "../run/store.ts";
import { useEditor } from "../store.ts";
import { saved } from "../sync/saving.ts";

export interface Version {
  id: string;
  number: number;
  note: string;
  published_by: string;
  published_at: string;
}

/** A version by its number, or the draft. */
export type Side = number | "draft";

interface Drawn {
  definition: Definition;
  node_ports: Record<string, string[]>;
}

interface HistoryState {
  isPublishing: boolean;
  openPublish: () => void;
  closePublish: () => void;
  /** The panel of versions is open. */
  isOpen: boolean;
  versions: readonly Version[];
  /** Where the rest of them is asked for; null: these are all. */
  next: string | null;
  problem: string;
  /** What is compared: from the older one to the newer one. */
  pair: { from: Side; to: Side } | null;
  difference: Difference | null;
  /** Definitions of versions that were asked for, by number. They never change. */
  definitions: Readonly<Record<number, Definition>>;
}

export const useHistory = create<HistoryState>()((set) => ({
  isPublishing: false,
  openPublish: () => set({ isPublishing: true }),
  closePublish: () => set({ isPublishing: false }),
  isOpen: false,
  versions: [],
  next: null,
  problem: "",
  pair: null,
  difference: null,
  definitions: {},
}));

// ── Definitions ──

const underWay = new Map<number, Promise<Drawn>>();

function drawnOf(number: number): Promise<Drawn> {
  const asked =
    underWay.get(number) ??
    ask<Drawn>("GET", `${useEditor.getState().data.api}versions/${number}/`).then((found) => {
      useHistory.setState((state) => ({
        definitions: { ...state.definitions, [number]: found.definition },
      }));
      return found;
    });
  underWay.set(number, asked);
  asked.catch(() => underWay.delete(number));
  return asked;
}

/** The definition of a published version, asked for once. */
export const definitionOf = (number: number): Promise<Definition> =>
  drawnOf(number).then(({ definition }) => definition);

function sideOf(side: Side): Promise<Drawn> {
  const { definition, nodePorts } = useEditor.getState();
  return side === "draft" ? Promise.resolve({ definition, node_ports: nodePorts }) : drawnOf(side);
}

// ── The panel ──

/** Opens the versions, and compares the draft with one: the one that is named, else what is live. */
export async function openHistory(number?: number): Promise<void> {
  useHistory.setState({ isOpen: true, versions: [], next: null, problem: "" });
  await more(`${useEditor.getState().data.api}versions/?page_size=30`);
  const { versions } = useHistory.getState();
  const wanted = number ?? useEditor.getState().workflow.version ?? versions[0]?.number;
  if (wanted !== undefined) await compare(wanted, "draft");
}

/** Asks for further versions. */
export async function more(url: string): Promise<void> {
  try {
    const answer = await ask<{ results: Version[]; next: string | null }>("GET", url);
    useHistory.setState((state) => ({
      versions: [...state.versions, ...answer.results],
      next: answer.next,
    }));
  } catch (error) {
    useHistory.setState({ problem: reasonOf(error) });
  }
}

export async function closeHistory(): Promise<void> {
  useHistory.setState({ isOpen: false, pair: null, difference: null });
  await lookAway();
}

let turn = 0;

/** Draws what differs from one to the other. The last call wins. */
export async function compare(from: Side, to: Side): Promise<void> {
  const mine = ++turn;
  useHistory.setState({ pair: { from, to }, difference: null, problem: "" });
  try {
    if (useRun.getState().shown) await stopShowing();
    const [before, after] = await Promise.all([sideOf(from), sideOf(to)]);
    if (mine !== turn || !useHistory.getState().isOpen) return;
    const { definition, changes } = overlaid(before.definition, after.definition);
    useHistory.setState({ difference: difference(before.definition, after.definition) });
    await look(definition, { ...before.node_ports, ...after.node_ports }, changes);
  } catch (error) {
    if (mine === turn) useHistory.setState({ problem: reasonOf(error) });
  }
}

// ── Restoring ──

interface Restored {
  definition: Definition;
  draft_revision: number;
  updated_at: string;
  has_unpublished_changes: boolean;
  findings: Finding[];
  node_ports: Record<string, string[]>;
}

/** Makes a version the draft again. It can be undone like any other change; what is live stays so. */
export async function restore(number: number): Promise<void> {
  try {
    await saved();
    const { data, workflow, definition: before } = useEditor.getState();
    const { draft_revision } = workflow;
    const answer = await ask<Restored>("POST", `${data.api}versions/${number}/restore/`, { draft_revision });
    const { definition: after, findings, node_ports, ...info } = answer;
    const label = `Restore version ${number}`;
    useEditor.setState((state) => ({
      definition: after,
      saved: after,
      workflow: { ...state.workflow, ...info },
      findings,
      nodePorts: node_ports,
      history: done(state.history, { label, before, after, at: Date.now() }),
    }));
    await closeHistory();
    say(`The draft is version ${number} again. Undo brings back what it was.`, "success");
  } catch (error) {
    sayRefused(`Version ${number} was not restored`, error);
  }
}
