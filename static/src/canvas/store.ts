import { create } from "zustand";
import { type LayoutNode, layOut, needsLayout, type Point } from "./layout.ts";
import { apiHeaders, type Connection, fetchSnapshot, LiveFeed } from "./live.ts";
import { canvasMeasure, cardHeight, cardWidth } from "./measure.ts";
import { portsOf, withPorts } from "./ports.ts";
import { applyChange, isGap } from "./reducer.ts";
import { runOf, STATUS_WORDS, viewOf } from "./states.ts";
import { summarize } from "./summarize.ts";
import {
  type CanvasData,
  type ChangeMessage,
  type NodeDocument,
  type NodeRun,
  type NodeTypeEntry,
  type Snapshot,
  TERMINAL,
} from "./types.ts";

/** All that is known of a node before a run: its document, type, ports, words and size. */
export interface CardModel {
  node: NodeDocument;
  entry: NodeTypeEntry | undefined;
  typeName: string;
  ports: string[];
  intent: string;
  width: number;
  height: number;
}

export type Payload =
  | { status: "loading" }
  | { status: "failed"; message: string }
  | { status: "ready"; run: NodeRun | undefined; seq: number };

interface CanvasState {
  mode: CanvasData["mode"];
  data: CanvasData;
  cards: Record<string, CardModel>;
  positions: Record<string, Point>;
  snapshot: Snapshot | null;
  selected: string | null;
  payloads: Record<string, Payload>;
  connection: Connection;
  /** Said aloud to screen readers. */
  announcement: string;
  /** The server's clock as far as messages told it, in milliseconds. */
  now: number;
  select: (nodeId: string | null) => void;
  tidyUp: () => Promise<void>;
  receive: (message: ChangeMessage) => void;
  reload: () => Promise<void>;
  loadPayload: (nodeId: string) => Promise<void>;
}

const EMPTY: CanvasData = { mode: "workflow", definition: { nodes: [], connections: [] }, node_types: [] };
let clockOffset = 0;

export const useCanvas = create<CanvasState>()((set, get) => ({
  mode: "workflow",
  data: EMPTY,
  cards: {},
  positions: {},
  snapshot: null,
  selected: null,
  payloads: {},
  connection: "connecting",
  announcement: "",
  now: Date.now(),

  select: (selected) => {
    set({ selected });
    if (selected !== null && get().mode === "execution") void get().loadPayload(selected);
  },

  tidyUp: async () => {
    const { cards, data } = get();
    set(await arrange(cards, data));
  },

  receive: (message) => {
    const { snapshot } = get();
    if (!snapshot || message.seq <= snapshot.seq) return;
    if (isGap(snapshot, message)) {
      void get().reload();
      return;
    }
    if (message.at) clockOffset = Math.max(clockOffset, Date.parse(message.at) - Date.now());
    const next = applyChange(snapshot, message);
    set({
      snapshot: next,
      announcement: announce(snapshot, next, get().cards) ?? get().announcement,
      now: serverNow(),
    });
    afterChange(snapshot, next);
  },

  reload: async () => {
    const { data, snapshot } = get();
    if (!data.api?.execution || !snapshot) return;
    try {
      const fresh = await fetchSnapshot(data.api.execution);
      const old = get().snapshot ?? snapshot;
      if (fresh.seq < old.seq) return;
      set({ snapshot: { ...fresh, definition: old.definition }, now: serverNow() });
      afterChange(old, fresh);
    } catch (error) {
      report(`The run could not be loaded. ${error instanceof Error ? error.message : ""}`);
    }
  },

  loadPayload: async (nodeId) => {
    const { data, payloads } = get();
    const url = data.api?.node_run ?? data.api?.execution;
    const put = (payload: Payload): void =>
      set((state) => ({ payloads: { ...state.payloads, [nodeId]: payload } }));
    if (!url) {
      // The page gave all there is.
      const { snapshot } = get();
      put({ status: "ready", run: snapshot ? runOf(snapshot, nodeId) : undefined, seq: snapshot?.seq ?? 0 });
      return;
    }
    if (payloads[nodeId]?.status !== "ready") put({ status: "loading" });
    try {
      const fresh = await fetchSnapshot(url, nodeId);
      put({ status: "ready", run: runOf(fresh, nodeId), seq: fresh.seq });
    } catch (error) {
      put({ status: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  },
}));

/** What must happen once the snapshot moved on: header, payload of the selected node, end of the feed. */
function afterChange(old: Snapshot, next: Snapshot): void {
  const { selected, loadPayload, reload } = useCanvas.getState();
  if (old.status !== next.status)
    document.dispatchEvent(new CustomEvent("execution:status", { detail: { status: next.status } }));
  if (selected !== null && runOf(old, selected)?.state !== runOf(next, selected)?.state)
    void loadPayload(selected);
  if (old.status !== next.status) follow(next);
  if (TERMINAL.has(next.status) && !TERMINAL.has(old.status)) {
    feed?.stop();
    // Error texts and summaries do not travel live.
    void reload();
  }
}

function announce(old: Snapshot, next: Snapshot, cards: Record<string, CardModel>): string | null {
  if (old.status !== next.status) return `The run: ${STATUS_WORDS[next.status]}.`;
  const said: string[] = [];
  for (const run of next.node_runs) {
    const before = old.node_runs.find((other) => other.node_id === run.node_id && other.path === run.path);
    if (before?.state === run.state || run.state === "PENDING" || run.state === "SKIPPED") continue;
    const view = viewOf(run, next, serverNow(), false);
    said.push(`${cards[run.node_id]?.node.name ?? run.node_id}: ${view.word}.`);
  }
  return said.length ? said.join(" ") : null;
}

const report = (text: string): void => {
  document.dispatchEvent(new CustomEvent("toast", { detail: { tone: "error", text } }));
};

export const serverNow = (): number => Date.now() + clockOffset;

let feed: LiveFeed | null = null;

/** Fills the store from the page's data: sizes, places, the live feed. Resolves when it can be drawn. */
export async function begin(given: CanvasData): Promise<void> {
  await document.fonts.ready;
  const data = { ...given, definition: withPorts(given.definition) };
  const types = new Map(data.node_types.map((entry) => [`${entry.type} ${entry.subtype}`, entry]));
  const measure = canvasMeasure();
  const cards: Record<string, CardModel> = {};
  for (const node of data.definition.nodes) {
    const entry = types.get(`${node.type} ${node.subtype}`);
    const ports = portsOf(node, entry, data.definition.connections, data.node_ports?.[node.id]);
    const intent = node.disabled ? "Disabled" : summarize(node, entry);
    cards[node.id] = {
      node,
      entry,
      typeName: entry?.name ?? node.subtype,
      ports,
      intent,
      width: cardWidth(
        node.name,
        data.mode === "execution" ? runLine(node.id, ports, data) : intent,
        ports,
        measure,
      ),
      height: cardHeight(ports),
    };
  }
  const stored = data.definition.nodes.map((node) => node.position);
  const arranged = needsLayout(stored)
    ? await arrange(cards, data)
    : {
        cards,
        positions: Object.fromEntries(
          data.definition.nodes.map((node) => [node.id, node.position ?? { x: 0, y: 0 }]),
        ),
      };
  const snapshot = data.snapshot ?? null;
  useCanvas.setState({ mode: data.mode, data, ...arranged, snapshot, now: serverNow(), connection: "ended" });
  if (data.mode === "execution" && snapshot) {
    tick();
    follow(snapshot);
    if (data.live_url && !TERMINAL.has(snapshot.status)) {
      feed = new LiveFeed({
        socketUrl: data.live_url,
        eventsUrl: data.api?.events ?? `${data.api?.execution ?? ""}/events`,
        seq: () => useCanvas.getState().snapshot?.seq ?? 0,
        onMessage: (message) => useCanvas.getState().receive(message),
        onConnection: (connection) => useCanvas.setState({ connection }),
        headers: apiHeaders(),
      });
      feed.start();
    }
  }
}

/** The longest second line to expect in a run: sizes must not change while it goes on. */
function runLine(nodeId: string, ports: readonly string[], data: CanvasData): string {
  const port =
    ports.length > 1 ? ports.reduce((longest, one) => (one.length > longest.length ? one : longest)) : "";
  const view =
    data.snapshot && viewOf(runOf(data.snapshot, nodeId), data.snapshot, serverNow(), ports.length > 1);
  return [view ? `${view.lead} ${view.rest}` : "", port ? `14 min ${port}` : "1.9 s 2nd try"].reduce(
    (a, b) => (a.length > b.length ? a : b),
  );
}

/** The step that was shown without anybody choosing it. */
let shown: string | null = null;

/** Shows the step that matters now, unless a person chose or closed one. */
function follow(snapshot: Snapshot): void {
  const { selected, select } = useCanvas.getState();
  const best = initialSelection(snapshot);
  if (innerWidth < 900 || selected !== shown || best === null || best === selected) return;
  shown = best;
  select(best);
}

/** What a person came to see: what failed, what waits, what runs, else the last to finish. */
function initialSelection(snapshot: Snapshot): string | null {
  const order = ["NEEDS_REVIEW", "FAILED", "WAITING_INPUT", "RETRYING", "RUNNING"] as const;
  for (const state of order) {
    const run = snapshot.node_runs.find((candidate) => candidate.state === state);
    if (run) return run.node_id;
  }
  const done = snapshot.node_runs.filter((run) => run.finished_at !== null && run.state === "COMPLETED");
  done.sort((a, b) => Date.parse(a.finished_at ?? "") - Date.parse(b.finished_at ?? ""));
  return done.at(-1)?.node_id ?? null;
}

/** Moves the clock while something in the run is open: five times a second while work runs, else every second. */
function tick(): void {
  const { snapshot } = useCanvas.getState();
  if (!snapshot) return;
  const isOpen = !TERMINAL.has(snapshot.status);
  const isBusy = snapshot.node_runs.some((run) => run.state === "RUNNING" || run.state === "RETRYING");
  if (isOpen && !document.hidden) useCanvas.setState({ now: serverNow() });
  setTimeout(tick, isBusy ? 200 : 1000);
}

/** A fresh layout: places, and cards with their outcomes in the order that crosses least. */
async function arrange(
  cards: Record<string, CardModel>,
  data: CanvasData,
): Promise<{ cards: Record<string, CardModel>; positions: Record<string, Point> }> {
  const nodes: LayoutNode[] = Object.values(cards).map(({ node, width, height, ports }) => ({
    id: node.id,
    width,
    height,
    ports,
  }));
  const edges = data.definition.connections.filter(({ from, to }) => cards[from] && cards[to]);
  const { places, ports } = await layOut(nodes, edges);
  return {
    positions: places,
    cards: Object.fromEntries(
      Object.entries(cards).map(([id, card]) => [id, { ...card, ports: ports[id] ?? card.ports }]),
    ),
  };
}
