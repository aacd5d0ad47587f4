import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Connection, LiveFeed } from "./live.ts";
import type { ChangeMessage } from "./types.ts";
import type { Piece } from "./writing.ts";

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) {}
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close(code = 1006): void {
    this.onclose?.({ code });
  }
}

let sockets: FakeSocket[];
let heard: ChangeMessage[];
let pieces: Piece[];
let states: Connection[];
let feed: LiveFeed;
let seq: number;
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  vi.stubGlobal("location", { href: "https://flow.example/w/demo/executions/1/" });
  sockets = [];
  heard = [];
  pieces = [];
  states = [];
  seq = 4;
  feed = new LiveFeed({
    socketUrl: "/ws/executions/1/",
    eventsUrl: "/api/v1/app/executions/1/events",
    seq: () => seq,
    headers: { "X-Workspace": "demo" },
    onMessage: (message) => heard.push(message),
    onPiece: (piece) => pieces.push(piece),
    onConnection: (state) => states.push(state),
    openSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    pause: () => Promise.resolve(),
  });
});

afterEach(() => {
  feed.stop();
  vi.unstubAllGlobals();
});

const PIECE = { node_id: "agent", path: "", part: "turn:1", text: "Dear" };

it("hears what is being written apart from what changed", () => {
  feed.start();
  sockets[0]?.onopen?.();
  sockets[0]?.say({ seq: 4, stream: PIECE });
  expect([heard, pieces]).toEqual([[], [PIECE]]);
});

it("resumes after the last change it knows", async () => {
  feed.start();
  expect(sockets[0]?.url).toBe("wss://flow.example/ws/executions/1/?after=4");
  sockets[0]?.onopen?.();
  sockets[0]?.say({ snapshot_seq: 5 });
  sockets[0]?.say({ seq: 5, changes: [] });
  expect(heard).toEqual([{ seq: 5, changes: [] }]);
  seq = 5;
  sockets[0]?.close();
  await settle();
  expect(sockets[1]?.url).toBe("wss://flow.example/ws/executions/1/?after=5");
  expect(states).toEqual(["connecting", "live", "offline", "connecting"]);
});

it("falls back to server-sent events where no socket opens", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('id: 5\ndata: {"seq":5,"cha'));
      controller.enqueue(new TextEncoder().encode('nges":[]}\n\n: still here\n\ndata: {"seq":6}\n\n'));
      controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify({ seq: 6, stream: PIECE })}\n\n`));
      controller.close();
    },
  });
  const fetched = vi.fn().mockResolvedValue(new Response(body));
  vi.stubGlobal("fetch", fetched);
  feed.start();
  sockets[0]?.close();
  await settle();
  sockets[1]?.close();
  await settle();
  await settle();
  expect(fetched.mock.calls[0]?.[0]).toBe("https://flow.example/api/v1/app/executions/1/events?after=4");
  expect(fetched.mock.calls[0]?.[1].headers).toMatchObject({
    "X-Workspace": "demo",
    Accept: "text/event-stream",
  });
  expect(heard).toEqual([{ seq: 5, changes: [] }, { seq: 6 }]);
  expect(pieces).toEqual([PIECE]);
});

it("does not come back to what is not for the reader", async () => {
  feed.start();
  sockets[0]?.close(4404);
  await settle();
  expect(sockets).toHaveLength(1);
  expect(states.at(-1)).toBe("ended");
});

it("hears nothing once it is stopped", () => {
  feed.start();
  feed.stop();
  sockets[0]?.say({ seq: 9, changes: [] });
  expect(heard).toEqual([]);
  expect(states.at(-1)).toBe("ended");
});
