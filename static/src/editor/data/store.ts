/**
 * What nodes were last given and gave back: what is pinned in the draft, else what the server recorded, else an example.
 * What is pinned counts at once; the rest is asked for again whenever the draft was saved or something ran.
 */

import { create } from "zustand";
import type { Definition, Json, LargeValue, NodeDocument } from "../../canvas/types.ts";
import { ask, Problem } from "../api.ts";
import { useEditor } from "../store.ts";
import { isSameAround } from "./around.ts";

export type Source = "pinned" | "run" | "example";

/** A value and where it is from. */
export interface Datum {
  /** How the node run ended: "COMPLETED", "FAILED". Null where nothing ran. */
  status: string | null;
  value: Json | undefined;
  /** Null: nothing is known. */
  source: Source | null;
  port: string | null;
  at: string | null;
  executionId: string | null;
  /** The round of a container it belongs to. */
  path: string;
  /** The value is too large to come along, and undefined. */
  large: LargeValue | null;
}

export interface InputDatum extends Datum {
  /** The value on each input port. */
  ports: Readonly<Record<string, Json>>;
  /** The nodes it came from. */
  from: readonly string[];
  /** Why a connection could not make its value. */
  problem: string;
}

/** What is known around one node. */
export interface Around {
  input: InputDatum;
  /** The nodes before it that its expressions can name, by id. */
  visible: readonly string[];
  /** The trigger behind `$trigger`. */
  trigger: string | null;
  /** Behind `$item` and `$index`. */
  round: { container: string; item: Json; index: number } | null;
  variables: Readonly<Record<string, Json>>;
}

interface DataState {
  around: Readonly<Record<string, Around>>;
  outputs: Readonly<Record<string, Datum>>;
  /** Why nothing could be had, by node. */
  problems: Readonly<Record<string, string>>;
  /** Counts up whenever something known has changed. */
  version: number;
  /** What goes into a node. The same object as long as it is the same. */
  inputOf: (nodeId: string) => InputDatum;
  /** What a node last gave back. The same object as long as it is the same. */
  outputOf: (nodeId: string) => Datum;
  /** Asks for the data around a node, and keeps it fresh as long as it is the last one asked for. */
  load: (nodeId: string) => Promise<void>;
  /** Asks for it unless that was done already. */
  ensure: (nodeId: string) => void;
  /** Something ran: asks again. */
  refresh: () => Promise<void>;
}

const NO_DATUM: Datum = {
  status: null,
  value: undefined,
  source: null,
  port: null,
  at: null,
  executionId: null,
  path: "",
  large: null,
};
const NO_INPUT: InputDatum = { ...NO_DATUM, ports: {}, from: [], problem: "" };

let wanted: string | null = null;
let asked = 0;

export const useData = create<DataState>()((set, get) => ({
  around: {},
  outputs: {},
  problems: {},
  version: 0,

  inputOf: (nodeId) => {
    const { definition } = useEditor.getState();
    return pinnedInput(definition, nodeId) ?? get().around[nodeId]?.input ?? NO_INPUT;
  },

  outputOf: (nodeId) => {
    const node = useEditor.getState().definition.nodes.find(({ id }) => id === nodeId);
    return (node && pinnedOutput(node)) ?? get().outputs[nodeId] ?? NO_DATUM;
  },

  load: async (nodeId) => {
    wanted = nodeId;
    const { data, saved } = useEditor.getState();
    // A node the server does not have yet is asked for once it was saved.
    if (!saved.nodes.some(({ id }) => id === nodeId)) return;
    const mine = ++asked;
    try {
      const answer = await ask<Answer>("GET", `${data.api}data/?node=${encodeURIComponent(nodeId)}`);
      if (mine === asked || wanted !== nodeId) set(taken(get(), answer));
    } catch (error) {
      if (mine !== asked) return;
      const message = error instanceof Problem ? error.message : "The server cannot be reached.";
      set({ problems: { ...get().problems, [nodeId]: message } });
    }
  },

  ensure: (nodeId) => {
    if (wanted !== nodeId) void get().load(nodeId);
  },

  refresh: () => (wanted === null ? Promise.resolve() : get().load(wanted)),
}));

let pause: ReturnType<typeof setTimeout> | undefined;

useEditor.subscribe((now, before) => {
  if (now.definition !== before.definition && pinsOf(now.definition) !== pinsOf(before.definition))
    useData.setState({ version: useData.getState().version + 1 });
  if (wanted === null || isSameAround(now.saved, before.saved, wanted)) return;
  clearTimeout(pause);
  pause = setTimeout(() => void useData.getState().refresh(), 100);
});

// ── Pins ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const isPinned = (node: NodeDocument): boolean => node.pinned_output !== undefined;

const outputs = new WeakMap<NodeDocument, Datum>();
const inputs = new WeakMap<Datum, Map<string, InputDatum>>();
const pins = new WeakMap<Definition, string>();

function pinnedOutput(node: NodeDocument): Datum | undefined {
  if (!isPinned(node)) return undefined;
  const found: Datum = outputs.get(node) ?? { ...NO_DATUM, value: node.pinned_output, source: "pinned" };
  outputs.set(node, found);
  return found;
}

/** What one pinned node passes on unchanged; everything else is worked out by the server. */
function pinnedInput(definition: Definition, nodeId: string): InputDatum | undefined {
  const ways = definition.connections.filter(({ to }) => to === nodeId);
  const [way] = ways;
  if (ways.length !== 1 || !way || way.mapping || (way.input ?? "main") !== "main") return undefined;
  const source = definition.nodes.find(({ id }) => id === way.from);
  const datum = source && pinnedOutput(source);
  if (!source || !datum) return undefined;
  const known = inputs.get(datum) ?? new Map<string, InputDatum>();
  inputs.set(datum, known);
  const ports = { main: datum.value ?? null };
  const found = known.get(way.port) ?? { ...datum, port: way.port, ports, from: [source.id], problem: "" };
  known.set(way.port, found);
  return found;
}

/** Everything that is pinned, as one text: two definitions with the same one are alike in this. */
function pinsOf(definition: Definition): string {
  const known = pins.get(definition);
  if (known !== undefined) return known;
  const pinned = definition.nodes.filter(isPinned).map(({ id, pinned_output }) => [id, pinned_output]);
  const found = pinned.length === 0 ? "" : JSON.stringify(pinned);
  pins.set(definition, found);
  return found;
}

// ── What the server says ─────────────────────────────────────────────────────────────────────────────────────────

interface SaidDatum {
  source: Source | null;
  value: Json;
  state: string | null;
  port: string | null;
  at: string | null;
  execution_id: string | null;
  path: string;
  large: LargeValue | null;
}

interface Answer {
  node: string;
  input: SaidDatum & { ports: Record<string, Json>; from_nodes: string[]; problem: string };
  nodes: Record<string, SaidDatum>;
  visible: string[];
  trigger: string | null;
  round: Around["round"];
  variables: Record<string, Json>;
}

const datumOf = (said: SaidDatum): Datum => ({
  status: said.state,
  value: said.source === null || said.large ? undefined : said.value,
  source: said.source,
  port: said.port,
  at: said.at,
  executionId: said.execution_id,
  path: said.path,
  large: said.large,
});

function taken(state: DataState, said: Answer): Partial<DataState> {
  const { ports, from_nodes: from, problem } = said.input;
  const { [said.node]: _gone, ...problems } = state.problems;
  const around: Around = {
    input: { ...datumOf(said.input), ports, from, problem },
    visible: said.visible,
    trigger: said.trigger,
    round: said.round,
    variables: said.variables,
  };
  return {
    around: { ...state.around, [said.node]: around },
    outputs: {
      ...state.outputs,
      ...Object.fromEntries(Object.entries(said.nodes).map(([id, one]) => [id, datumOf(one)])),
    },
    problems,
    version: state.version + 1,
  };
}
