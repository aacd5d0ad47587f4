import { create } from "zustand";
import { ancestorsOf, type Family, familyOf, NO_FAMILY, placeOf } from "./family.ts";
import type { Point } from "./layout.ts";
import { advance, listsAfter } from "./listing.ts";
import { apiHeaders, type Connection, fetchScope, fetchSnapshot, LiveFeed } from "./live.ts";
import { type CardModel, cardModels, place, stand } from "./models.ts";
import { iterationPath } from "./paths.ts";
import { withPorts } from "./ports.ts";
import { applyChanges, applyToScope, isGap } from "./reducer.ts";
import { runAt } from "./scope.ts";
import { announce, initialSelection } from "./telling.ts";
import {
  type CanvasData,
  type ChangeMessage,
  ENDED,
  type Iteration,
  type NodeRun,
  type NodeTypeEntry,
  type Scope,
  type Snapshot,
  TERMINAL,
} from "./types.ts";
import { hearPiece } from "./writing.ts";

export { listKey } from "./listing.ts";
export type { CardModel } from "./models.ts";

export type Payload =
  | { status: "loading" }
  | { status: "failed"; message: string }
  | { status: "ready"; run: NodeRun | undefined; seq: number };

export type Loaded =
  | { status: "loading" }
  | { status: "failed"; message: string }
  | { status: "ready"; scope: Scope };

export interface CanvasState {
  mode: CanvasData["mode"];
  data: CanvasData;
  family: Family;
  cards: Record<string, CardModel>;
  /** The top left corner of each node, within its container. */
  positions: Record<string, Point>;
  /** The same from the canvas's own corner. */
  places: Record<string, Point>;
  /** The containers that are drawn without what is inside. */
  closed: ReadonlySet<string>;
  snapshot: Snapshot | null;
  /** Which iteration of a container is looked at; of those without, all together. */
  chosen: Readonly<Record<string, number>>;
  /** What is known of the iterations that are looked at, by path. */
  scopes: Readonly<Record<string, Loaded>>;
  /** Rows of lists of iterations that were asked for, by list and index. */
  lists: Readonly<Record<string, Readonly<Record<number, Iteration>>>>;
  selected: string | null;
  payloads: Record<string, Payload>;
  connection: Connection;
  /** Said aloud to screen readers. */
  announcement: string;
  /** The server's clock as far as messages told it, in milliseconds. */
  now: number;
  select: (nodeId: string | null) => void;
  tidyUp: () => Promise<void>;
  toggle: (container: string) => Promise<void>;
  receive: (message: ChangeMessage) => void;
  reload: () => Promise<void>;
  loadPayload: (nodeId: string, path?: string) => Promise<void>;
  loadScope: (path: string) => Promise<void>;
}

const EMPTY: CanvasData = { mode: "workflow", definition: { nodes: [], connections: [] }, node_types: [] };
/** How long messages are gathered before they are drawn, at least and at most, and in a tab nobody sees. */
const GATHER = 50;
const GATHER_LONGEST = 400;
const GATHER_HIDDEN = 500;
/** Drawing takes no more than this part of the time, however much arrives and however slow the machine is. */
const SHARE = 6;
/** Messages kept for iterations that are asked for while they arrive. */
const KEPT_MESSAGES = 500;

let clockOffset = 0;
let waiting: ChangeMessage[] = [];
let recent: ChangeMessage[] = [];
let gathering: ReturnType<typeof setTimeout> | undefined;
let gatherFor = GATHER;

export const useCanvas = create<CanvasState>()((set, get) => ({
  mode: "workflow",
  data: EMPTY,
  family: NO_FAMILY,
  cards: {},
  positions: {},
  places: {},
  closed: new Set(),
  snapshot: null,
  chosen: {},
  scopes: {},
  lists: {},
  selected: null,
  payloads: {},
  connection: "connecting",
  announcement: "",
  now: Date.now(),

  select: (selected) => {
    set({ selected });
    if (selected !== null && get().snapshot !== null) void get().loadPayload(selected);
  },

  tidyUp: async () => {
    const { cards, data, family, closed } = get();
    set(await place(cards, data, family, closed, true));
  },

  toggle: async (container) => {
    const { cards, data, family, selected } = get();
    const closed = new Set(get().closed);
    if (!closed.delete(container)) closed.add(container);
    const isGone = selected !== null && !isVisible(family, closed, selected);
    const placed =
      (isDrawn ? stand(cards, data, family, closed, get()) : null) ??
      (await place(cards, data, family, closed));
    set({ closed, ...(isGone ? { selected: container } : {}), ...placed });
  },

  receive: (message) => {
    const { snapshot } = get();
    const seq = waiting.at(-1)?.seq ?? snapshot?.seq ?? 0;
    if (!snapshot || message.seq <= seq) return;
    if (isGap({ seq }, message)) {
      void get().reload();
      return;
    }
    if (message.at) clockOffset = Math.max(clockOffset, Date.parse(message.at) - Date.now());
    waiting.push(message);
    gathering ??= setTimeout(flush, document.hidden ? GATHER_HIDDEN : gatherFor);
  },

  reload: async () => {
    const { data, snapshot } = get();
    if (!data.api?.execution || !snapshot) return;
    try {
      const fresh = await fetchSnapshot(data.api.execution);
      flush();
      const old = get().snapshot ?? snapshot;
      if (fresh.seq < old.seq) return;
      set({ snapshot: { ...fresh, definition: old.definition }, lists: {}, now: serverNow() });
      for (const path of Object.keys(get().scopes)) void get().loadScope(path);
      afterChange(old, fresh);
    } catch (error) {
      report(`The run could not be loaded. ${error instanceof Error ? error.message : ""}`);
    }
  },

  loadPayload: async (nodeId, given) => {
    const path = given ?? subjectOf(get(), nodeId);
    if (path === null) return;
    const { data, payloads, snapshot } = get();
    const url = path === "" ? (data.api?.node_run ?? data.api?.execution) : data.api?.iteration;
    const key = payloadKey(nodeId, path);
    const put = (payload: Payload): void =>
      set((state) => ({ payloads: { ...state.payloads, [key]: payload } }));
    if (!url) {
      // The page gave all there is.
      put({
        status: "ready",
        run: snapshot ? runAt(snapshot, nodeId, path) : undefined,
        seq: snapshot?.seq ?? 0,
      });
      return;
    }
    if (payloads[key]?.status !== "ready") put({ status: "loading" });
    try {
      const fresh = path === "" ? await fetchSnapshot(url, nodeId) : await fetchScope(url, path, nodeId);
      put({ status: "ready", run: runAt(fresh, nodeId, path), seq: fresh.seq });
    } catch (error) {
      put({ status: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  },

  loadScope: async (path) => {
    const url = get().data.api?.iteration;
    const put = (loaded: Loaded): void => {
      // Somebody may have gone on to another iteration meanwhile.
      if (path in get().scopes) set((state) => ({ scopes: { ...state.scopes, [path]: loaded } }));
    };
    if (get().scopes[path]?.status !== "ready")
      set((state) => ({ scopes: { ...state.scopes, [path]: { status: "loading" } } }));
    if (!url)
      return put({ status: "failed", message: "The page does not say where iterations are asked for." });
    try {
      let scope = await fetchScope(url, path);
      flush();
      const first = recent[0];
      if (first && first.seq > scope.seq + 1) scope = await fetchScope(url, path);
      put({ status: "ready", scope: applyToScope(scope, recent) });
    } catch (error) {
      put({ status: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  },
}));

/** Draws what has arrived since the last time. */
function flush(): void {
  clearTimeout(gathering);
  gathering = undefined;
  const messages = waiting;
  waiting = [];
  const { snapshot, scopes, lists, cards, announcement } = useCanvas.getState();
  if (!snapshot || messages.length === 0) return;
  recent = [...recent, ...messages].slice(-KEPT_MESSAGES);
  const began = performance.now();
  const next = applyChanges(snapshot, messages);
  useCanvas.setState({
    snapshot: next,
    scopes: advance(scopes, messages),
    lists: listsAfter(lists, messages),
    announcement: announce(snapshot, next, cards, serverNow()) ?? announcement,
    now: serverNow(),
  });
  afterChange(snapshot, next);
  // It went on from one breakpoint and stands at the next already.
  const isStopped = messages.some(({ changes }) =>
    changes?.some((change) => "status" in change && change.status === "PAUSED"),
  );
  if (isStopped && snapshot.status === "PAUSED" && next.status === "PAUSED")
    void useCanvas.getState().reload();
  // What was set is drawn at the end of this task.
  setTimeout(() => {
    gatherFor = Math.min(GATHER_LONGEST, Math.max(GATHER, (performance.now() - began) * SHARE));
  });
}

export const payloadKey = (nodeId: string, path: string): string => `${nodeId} ${path}`;

/**
 * The path of the one node run that a node stands for now: for a container whose iteration is chosen, that iteration.
 * Null while all iterations around it are looked at together.
 */
export function subjectOf(state: Pick<CanvasState, "family" | "chosen">, nodeId: string): string | null {
  const { path, isExact } = placeOf(state.family, state.chosen, nodeId);
  if (!isExact) return null;
  const index = state.chosen[nodeId];
  return index === undefined ? path : iterationPath(path, nodeId, index);
}

/** What is known of the level at this path: null while it loads or cannot be had. */
export function scopeAt(state: Pick<CanvasState, "snapshot" | "scopes">, path: string): Scope | null {
  if (path === "") return state.snapshot;
  const loaded = state.scopes[path];
  return loaded?.status === "ready" ? loaded.scope : null;
}

/** The node run at a path, from the level it is part of. */
export function runIn(
  state: Pick<CanvasState, "snapshot" | "scopes">,
  nodeId: string,
  path: string,
): NodeRun | undefined {
  const scope = scopeAt(state, path);
  return scope ? runAt(scope, nodeId, path) : undefined;
}

function isVisible(family: Family, closed: ReadonlySet<string>, id: string): boolean {
  return !ancestorsOf(family, id).some((ancestor) => closed.has(ancestor));
}

/** What must happen once the snapshot moved on: header, payload of the selected node, end of the feed. */
function afterChange(old: Snapshot, next: Snapshot): void {
  const state = useCanvas.getState();
  const { selected } = state;
  if (old.status !== next.status)
    document.dispatchEvent(new CustomEvent("execution:status", { detail: { status: next.status } }));
  if (selected !== null) {
    const path = subjectOf(state, selected);
    const payload = path === null ? undefined : state.payloads[payloadKey(selected, path)];
    const run = path === null ? undefined : runIn(state, selected, path);
    if (payload?.status === "ready" && payload.run?.state !== run?.state) void state.loadPayload(selected);
  }
  if (old.status !== next.status) follow(next);
  const isEnded = TERMINAL.has(next.status) && !TERMINAL.has(old.status);
  if (isEnded) feed?.stop();
  // Error texts do not travel live, nor where a test run stopped.
  if (isEnded || (next.status === "PAUSED" && old.status !== "PAUSED")) void state.reload();
}

export const report = (text: string): void => {
  document.dispatchEvent(new CustomEvent("toast", { detail: { tone: "error", text } }));
};

export const serverNow = (): number => Date.now() + clockOffset;

let feed: LiveFeed | null = null;

/** Fills the store from the page's data: sizes, places, the live feed. Resolves when it can be drawn. */
export async function begin(given: CanvasData): Promise<void> {
  await document.fonts.ready;
  const data = { ...given, definition: withPorts(given.definition) };
  const types = new Map(data.node_types.map((entry) => [`${entry.type} ${entry.subtype}`, entry]));
  const family = familyOf(data.definition.nodes, (node) => types.get(`${node.type} ${node.subtype}`));
  const snapshot = data.snapshot ?? null;
  useCanvas.setState({
    mode: data.mode,
    data,
    family,
    ...(await place(cardModels(data, types, family, serverNow()), data, family, new Set())),
    snapshot,
    now: serverNow(),
    connection: "ended",
  });
  if (data.mode === "execution" && snapshot) {
    tick();
    follow(snapshot);
    listen(data, snapshot);
  }
}

/** Follows an execution for as long as it runs. */
function listen(data: Pick<CanvasData, "live_url" | "api">, snapshot: Snapshot): void {
  if (!data.live_url || TERMINAL.has(snapshot.status)) return;
  feed = new LiveFeed({
    socketUrl: data.live_url,
    eventsUrl: data.api?.events ?? `${data.api?.execution ?? ""}/events`,
    seq: () => waiting.at(-1)?.seq ?? useCanvas.getState().snapshot?.seq ?? 0,
    onMessage: (message) => useCanvas.getState().receive(message),
    onPiece: (piece) => hearPiece(snapshot.id, piece),
    onConnection: (connection) => useCanvas.setState({ connection }),
    headers: apiHeaders(),
  });
  feed.start();
}

/** Shows on what is drawn how an execution goes, live, until `hideRun` or until another one is shown. */
export function showRun(
  given: Pick<CanvasData, "live_url" | "api" | "links"> & { snapshot: Snapshot },
): void {
  hideRun();
  const { snapshot, live_url, api, links } = given;
  useCanvas.setState(({ data }) => ({
    data: {
      ...data,
      ...(live_url ? { live_url } : {}),
      ...(api ? { api } : {}),
      ...(links ? { links } : {}),
    },
    snapshot,
    now: serverNow(),
  }));
  tick();
  listen(given, snapshot);
  const { selected, loadPayload } = useCanvas.getState();
  if (selected !== null) void loadPayload(selected);
}

/** Draws what is drawn as it is at rest again. */
export function hideRun(): void {
  feed?.stop();
  feed = null;
  clearTimeout(ticking);
  clearTimeout(gathering);
  gathering = undefined;
  waiting = [];
  recent = [];
  useCanvas.setState(({ data: { live_url: _, api: __, links: ___, ...data } }) => ({
    data,
    snapshot: null,
    chosen: {},
    scopes: {},
    lists: {},
    payloads: {},
    connection: "ended",
  }));
}

let drawings = 0;
/** Somebody changes what is drawn: nodes stay where they are put, whatever lies on what. */
let isDrawn = false;

/**
 * Draws another definition in the place of the one before, at once where every node has a position; what is known of a
 * run stays. The last call wins.
 */
export async function drawDefinition(
  given: Pick<CanvasData, "definition" | "node_types" | "node_ports">,
): Promise<void> {
  const turn = ++drawings;
  isDrawn = true;
  const state = useCanvas.getState();
  const data = { ...state.data, ...given, definition: withPorts(given.definition) };
  if (given.node_types !== typed?.given)
    typed = {
      given: given.node_types,
      types: new Map(given.node_types.map((entry) => [`${entry.type} ${entry.subtype}`, entry])),
    };
  const { types } = typed;
  const isSameFamily =
    state.data.definition.nodes === data.definition.nodes && state.data.node_types === data.node_types;
  const family = isSameFamily
    ? state.family
    : familyOf(data.definition.nodes, (node) => types.get(`${node.type} ${node.subtype}`));
  const cards = cardModels(data, types, family, serverNow());
  const stood = stand(cards, data, family, state.closed, state);
  if (stood) useCanvas.setState({ data, family, ...stood });
  else {
    const placed = await place(cards, data, family, state.closed);
    // A run may have been shown meanwhile.
    if (turn === drawings)
      useCanvas.setState((now) => ({
        data: { ...now.data, ...given, definition: data.definition },
        family,
        ...placed,
      }));
  }
}

let typed: { given: CanvasData["node_types"]; types: Map<string, NodeTypeEntry> } | undefined;

/** The step that was shown without anybody choosing it. */
let shown: string | null = null;

/** Shows the step that matters now, unless a person chose or closed one. */
function follow(snapshot: Snapshot): void {
  const { mode, selected, select } = useCanvas.getState();
  if (mode !== "execution") return;
  const best = initialSelection(snapshot);
  // In the editor people choose what they work on, whatever runs.
  if (useCanvas.getState().mode !== "execution") return;
  if (innerWidth < 900 || selected !== shown || best === null || best === selected) return;
  shown = best;
  select(best);
}

let ticking: ReturnType<typeof setTimeout> | undefined;

/** Moves the clock while something in the run is open: five times a second while work runs, else every second. */
function tick(): void {
  const { snapshot } = useCanvas.getState();
  if (!snapshot) return;
  const isOpen = !TERMINAL.has(snapshot.status);
  const isBusy = snapshot.node_runs.some((run) => !ENDED.has(run.state) && run.state !== "WAITING_INPUT");
  if (isOpen && !document.hidden) useCanvas.setState({ now: serverNow() });
  ticking = setTimeout(tick, isBusy ? 200 : 1000);
}
