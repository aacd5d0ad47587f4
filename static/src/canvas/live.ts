import type { StepRow } from "./trace.ts";
import type { ChangeMessage, Iteration, Scope, Snapshot } from "./types.ts";
import type { Piece } from "./writing.ts";

/**
 * The live feed of one execution: WebSocket first, server-sent events where no socket opens. It resumes after the
 * last change it knows, fetches a fresh snapshot when changes are missing, and ends when it is told to stop.
 */

export type Connection = "connecting" | "live" | "offline" | "ended";

export interface LiveOptions {
  socketUrl: string;
  eventsUrl: string;
  /** The last change the caller has applied. */
  seq: () => number;
  onMessage: (message: ChangeMessage) => void;
  /** Text that a node is still writing, between the changes. */
  onPiece: (piece: Piece) => void;
  onConnection: (state: Connection) => void;
  headers: Record<string, string>;
  /** Seams for tests. */
  openSocket?: (url: string) => WebSocket;
  pause?: (ms: number) => Promise<void>;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** Sockets that never opened before server-sent events are tried. */
const SOCKET_TRIES = 2;
/** The server says something every 15 s; a socket silent for longer is dead. */
const SILENCE = 40_000;
/** The server's word that this execution is not for the reader to see. */
const NOT_YOURS = 4404;

export class LiveFeed {
  private isStopped = false;
  private failures = 0;
  private unopened = 0;
  private socket: WebSocket | null = null;
  private abort: AbortController | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LiveOptions) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.silence);
    this.socket?.close();
    this.abort?.abort();
    this.options.onConnection("ended");
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      this.options.onConnection("connecting");
      if (this.unopened < SOCKET_TRIES) await this.overSocket();
      else {
        await this.overEvents();
        this.unopened = 0;
      }
      if (this.isStopped) return;
      this.options.onConnection("offline");
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.failures) * (0.5 + Math.random() / 2);
      this.failures++;
      await (this.options.pause ?? wait)(pause);
    }
  }

  private after(url: string): string {
    const absolute = new URL(url, location.href);
    absolute.searchParams.set("after", String(this.options.seq()));
    return absolute.href;
  }

  /** Resolves when the socket is closed, whoever closed it. */
  private overSocket(): Promise<void> {
    return new Promise((resolve) => {
      const url = this.after(this.options.socketUrl).replace(/^http/, "ws");
      const socket = (this.options.openSocket ?? ((at) => new WebSocket(at)))(url);
      this.socket = socket;
      let isOpen = false;
      socket.onopen = () => {
        isOpen = true;
        this.opened();
      };
      socket.onmessage = ({ data }) => {
        this.listen(() => socket.close());
        this.receive(String(data));
      };
      socket.onclose = ({ code }) => {
        if (code === NOT_YOURS) this.stop();
        clearTimeout(this.silence);
        this.unopened = isOpen ? 0 : this.unopened + 1;
        resolve();
      };
    });
  }

  private async overEvents(): Promise<void> {
    this.abort = new AbortController();
    try {
      const response = await fetch(this.after(this.options.eventsUrl), {
        headers: { ...this.options.headers, Accept: "text/event-stream" },
        signal: this.abort.signal,
      });
      if (!response.ok || !response.body) return;
      this.opened();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.listen(() => this.abort?.abort());
        const parts = (rest + value).split(/\r?\n\r?\n/);
        rest = parts.pop() ?? "";
        for (const part of parts) {
          const data = part
            .split(/\r?\n/)
            .filter((line) => line.startsWith("data:"))
            .map((line) => line.slice(5).trimStart())
            .join("\n");
          if (data) this.receive(data);
        }
      }
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error; // Aborted or unreachable.
    }
  }

  private opened(): void {
    this.failures = 0;
    this.options.onConnection("live");
    this.listen(() => this.socket?.close());
  }

  private listen(onSilence: () => void): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(onSilence, SILENCE);
  }

  private receive(text: string): void {
    if (this.isStopped) return;
    const message = JSON.parse(text) as Partial<ChangeMessage> & { snapshot_seq?: number; stream?: Piece };
    if (message.stream) this.options.onPiece(message.stream);
    else if (typeof message.seq === "number") this.options.onMessage(message as ChangeMessage);
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The headers of a session's API request: which workspace it is about. */
export function apiHeaders(): Record<string, string> {
  const workspace = document.documentElement.dataset.workspace;
  return { Accept: "application/json", ...(workspace ? { "X-Workspace": workspace } : {}) };
}

/** `GET executions/<id>` without payloads, or with those of one node. Raises `Error` with the server's own words. */
export async function fetchSnapshot(url: string, nodeId?: string): Promise<Snapshot> {
  return await ask<Snapshot>(url, nodeId === undefined ? { payloads: "false" } : { node: nodeId });
}

/** One iteration, with the payloads of one node when it is named. Raises `Error` likewise. */
export async function fetchScope(url: string, path: string, nodeId?: string): Promise<Scope> {
  return await ask<Scope>(url, { path, ...(nodeId === undefined ? {} : { node: nodeId }) });
}

export interface IterationsQuery {
  container: string;
  /** The iteration the container itself is in. */
  path: string;
  state?: string;
  after: number;
  page_size: number;
}

/** Iterations of a container behind an index. Raises `Error` likewise. */
export async function fetchIterations(url: string, query: IterationsQuery): Promise<Iteration[]> {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined);
  const page = await ask<{ results: Iteration[] }>(
    url,
    Object.fromEntries(asked.map(([key, value]) => [key, String(value)])),
  );
  return page.results;
}

/** So many pages of steps at most; an agent of some hundred turns has them. */
const MOST_PAGES = 20;

/** The steps of one node run behind the first `after`, in their order. Raises `Error` likewise. */
export async function fetchSteps(
  url: string,
  { node, path, after }: { node: string; path: string; after: number },
): Promise<StepRow[]> {
  const found: StepRow[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const { results, next } = await ask<{ results: StepRow[]; next: string | null }>(url, {
      node,
      path,
      after: String(after + found.length),
    });
    found.push(...results);
    if (next === null) break;
  }
  return found;
}

async function ask<T>(url: string, query: Record<string, string>): Promise<T> {
  const address = new URL(url, location.href);
  for (const [key, value] of Object.entries(query)) address.searchParams.set(key, value);
  if ("node" in query) address.searchParams.delete("payloads");
  const response = await fetch(address, { headers: apiHeaders() });
  if (!response.ok) {
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const problem = isJson ? ((await response.json()) as { title?: string; detail?: string }) : {};
    throw new Error(
      [problem.title ?? `The server answered ${response.status}.`, problem.detail].filter(Boolean).join(" "),
    );
  }
  return (await response.json()) as T;
}
