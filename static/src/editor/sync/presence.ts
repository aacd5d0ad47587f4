/** Who else has the workflow open: what they have chosen and where they point. And the word that the draft was saved. */

import { create } from "zustand";
import type { Point } from "../document/edits.ts";
import { isOverCanvas } from "../palette/adding.ts";
import { useEditor } from "../store.ts";
import { toCanvas } from "../viewport.ts";
import { catchUp } from "./saving.ts";
import { ELSEWHERE } from "./state.ts";

export interface Person {
  id: string;
  name: string;
  initials: string;
  hue: number;
}

/** One tab of somebody else, or another one of one's own. */
export interface Peer {
  peer: string;
  person: Person;
  chosen: readonly string[];
  open: string | null;
  /** Where they point on the canvas. */
  cursor: Point | null;
  /** When they were last heard, in milliseconds. */
  seenAt: number;
}

export type Peers = Readonly<Record<string, Peer>>;

type Message =
  | { kind: "you"; peer: string; revision: number }
  | { kind: "here"; peer: string; person: Person; chosen: string[]; open: string | null }
  | { kind: "cursor"; peer: string; at: [number, number] | null }
  | { kind: "gone"; peer: string }
  | { kind: "saved"; revision: number; by: string; by_id: string };

export const usePresence = create<{ peers: Peers }>()(() => ({ peers: {} }));

const CHOSEN_AFTER = 120;
const POINTED_EVERY = 80;
const SILENT = 65_000;
const LOOK = 10_000;
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
const NOT_YOURS = 4404;
const TOO_MANY = 4429;

let socket: WebSocket | null = null;
let tries = 0;

/** The others after a message. Pure; gives the same object where nothing changed. */
export function heard(peers: Peers, message: Message, now: number): Peers {
  switch (message.kind) {
    case "here": {
      const { peer, person, chosen, open } = message;
      const cursor = peers[peer]?.cursor ?? null;
      return { ...peers, [peer]: { peer, person, chosen, open, cursor, seenAt: now } };
    }
    case "cursor": {
      const before = peers[message.peer];
      if (!before || !Object.hasOwn(peers, message.peer)) return peers;
      const cursor = message.at ? { x: message.at[0], y: message.at[1] } : null;
      return { ...peers, [message.peer]: { ...before, cursor, seenAt: now } };
    }
    case "gone":
      return without(peers, ({ peer }) => peer === message.peer);
    default:
      return peers;
  }
}

/** Without those who fell silent: their tab crashed, or their server did. */
export const forgetSilent = (peers: Peers, now: number): Peers =>
  without(peers, ({ seenAt }) => now - seenAt > SILENT);

function without(peers: Peers, isGone: (peer: Peer) => boolean): Peers {
  const rest = Object.entries(peers).filter(([, peer]) => !isGone(peer));
  return rest.length === Object.keys(peers).length ? peers : Object.fromEntries(rest);
}

/** Begins to listen and to tell. Call once, after the page's data is in the store. */
export function startPresence(): void {
  connect();
  let telling: ReturnType<typeof setTimeout> | undefined;
  useEditor.subscribe((now, before) => {
    if (now.selection === before.selection && now.open === before.open) return;
    clearTimeout(telling);
    telling = setTimeout(tellChosen, CHOSEN_AFTER);
  });
  followPointer();
  setInterval(() => {
    usePresence.setState(({ peers }) => ({ peers: forgetSilent(peers, Date.now()) }));
  }, LOOK);
}

function connect(): void {
  const { workflow, data } = useEditor.getState();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(
    `${scheme}://${location.host}/ws/workflows/${workflow.id}/?workspace=${data.workspace.slug}`,
  );
  socket = opened;
  opened.addEventListener("message", ({ data: text }) => {
    const message = JSON.parse(String(text)) as Message;
    if (message.kind === "you") {
      tries = 0;
      catchUp(message.revision);
      tellChosen();
    } else if (message.kind === "saved")
      catchUp(message.revision, message.by_id === data.me.id ? ELSEWHERE : message.by);
    else
      usePresence.setState(({ peers }) => {
        const now = heard(peers, message, Date.now());
        return now === peers ? {} : { peers: now };
      });
  });
  opened.addEventListener("close", ({ code }) => {
    socket = null;
    usePresence.setState({ peers: {} });
    // Whoever may no longer see it is told so by the next save.
    if (code === NOT_YOURS) return;
    const wait = code === TOO_MANY ? LONGEST_RETRY : Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** tries++);
    setTimeout(connect, wait * (0.8 + Math.random() * 0.4));
  });
}

const say = (words: unknown): void => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(words));
};

function tellChosen(): void {
  const { selection, open } = useEditor.getState();
  say({ chosen: [...selection.nodes, ...selection.annotations].slice(0, 100), open });
}

/** Tells where the pointer is, a few times a second, and only while somebody is there to see it. */
function followPointer(): void {
  let at: Point | null = null;
  let told: string | null = null;
  let isWaiting = false;
  const tell = (): void => {
    isWaiting = false;
    const place = at && isOverCanvas(at) ? toCanvas(at) : null;
    const cursor = place ? [Math.round(place.x), Math.round(place.y)] : null;
    const now = JSON.stringify(cursor);
    if (now === told) return;
    told = now;
    say({ cursor });
  };
  const move = (place: Point | null): void => {
    at = place;
    if (Object.keys(usePresence.getState().peers).length === 0) return;
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(tell, POINTED_EVERY);
  };
  window.addEventListener("pointermove", ({ clientX, clientY, pointerType }) =>
    move(pointerType === "touch" ? null : { x: clientX, y: clientY }),
  );
  document.documentElement.addEventListener("pointerleave", () => move(null));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) move(null);
  });
}
