import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useCanvas } from "../../canvas/store.ts";
import { nodeOf } from "../document/edits.ts";
import { useEditor } from "../store.ts";
import { type Peer, type Person, usePresence } from "./presence.ts";

const MOST = 4;

/** Who else is here: their initials in the bar, their pointers and what they have chosen on the canvas. */
export function People() {
  const peers = usePresence((state) => state.peers);
  const [bar, canvas] = [
    useElement("#editor-presence"),
    useElement(".editor-surface .react-flow__viewport-portal"),
  ];
  const others = Object.values(peers);
  return (
    <>
      {bar ? createPortal(<Avatars peers={others} />, bar) : null}
      {canvas && others.length > 0 ? createPortal(<OnCanvas peers={others} canvas={canvas} />, canvas) : null}
    </>
  );
}

/** An element that another part draws, as soon as it is there. */
function useElement(selector: string): HTMLElement | null {
  const [found, setFound] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const look = (): boolean => {
      const element = document.querySelector<HTMLElement>(selector);
      setFound(element);
      return element !== null;
    };
    if (look()) return;
    const timer = setInterval(() => {
      if (look()) clearInterval(timer);
    }, 100);
    return () => clearInterval(timer);
  }, [selector]);
  return found;
}

function Avatars({ peers }: { peers: readonly Peer[] }) {
  const me = useEditor((state) => state.data.me.id);
  const definition = useEditor((state) => state.definition);
  const people = new Map<string, Peer[]>();
  for (const peer of peers) people.set(peer.person.id, [...(people.get(peer.person.id) ?? []), peer]);
  const shown = [...people.values()].slice(0, MOST);
  const rest = people.size - shown.length;
  if (people.size === 0) return null;
  return (
    <ul className="people-here" aria-label="Also here">
      {shown.map((tabs) => {
        const [first] = tabs;
        if (!first) return null;
        const at = tabs.map(({ open, chosen }) => open ?? chosen[0]).find((id) => id !== undefined);
        const place = at ? nodeOf(definition, at)?.name : undefined;
        const words = wordsFor(first.person, tabs.length, first.person.id === me, place);
        return (
          <li key={first.person.id} title={words}>
            <span className="avatar" data-hue={first.person.hue} aria-hidden="true">
              {first.person.initials}
            </span>
            <span className="visually-hidden">{words}</span>
          </li>
        );
      })}
      {rest > 0 ? (
        <li title={`${rest} more`}>
          <span className="avatar is-rest">+{rest}</span>
        </li>
      ) : null}
    </ul>
  );
}

function wordsFor({ name }: Person, tabs: number, isMe: boolean, place: string | undefined): string {
  const who = isMe ? (tabs > 1 ? `You, in ${tabs} other tabs` : "You, in another tab") : name;
  const where = place ? `, at ${place}` : "";
  return !isMe && tabs > 1 ? `${who}, in ${tabs} tabs${where}` : `${who}${where}`;
}

/** Drawn on the canvas, so that it moves with it; names and arrows keep their size. */
function OnCanvas({ peers, canvas }: { peers: readonly Peer[]; canvas: HTMLElement }) {
  const zoom = useZoom(canvas);
  const places = useCanvas((state) => state.places);
  const cards = useCanvas((state) => state.cards);
  const me = useEditor((state) => state.data.me.id);
  const size = { transform: `scale(${1 / zoom})` };
  const nameOf = ({ id, name }: Person): string => (id === me ? "You" : name);
  return (
    <div className="presence" aria-hidden="true">
      {peers.flatMap(({ peer, person, chosen, open }) =>
        [...new Set([...(open === null ? [] : [open]), ...chosen])].map((id, index) => {
          const [place, card] = [places[id], cards[id]];
          if (!place || !card) return null;
          return (
            <div
              key={`${peer} ${id}`}
              className="presence-choice"
              data-hue={person.hue}
              style={{
                transform: `translate(${place.x - 3}px, ${place.y - 3}px)`,
                width: card.width + 6,
                height: card.height + 6,
              }}
            >
              {index === 0 ? <span style={size}>{nameOf(person)}</span> : null}
            </div>
          );
        }),
      )}
      {peers.map(({ peer, person, cursor }) =>
        cursor ? (
          <div
            key={peer}
            className="presence-cursor"
            data-hue={person.hue}
            style={{ transform: `translate(${cursor.x}px, ${cursor.y}px)` }}
          >
            <div style={size}>
              <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
                <path d="M1 1 5 13 7.5 7.5 13 5Z" />
              </svg>
              <span>{nameOf(person)}</span>
            </div>
          </div>
        ) : null,
      )}
    </div>
  );
}

function useZoom(canvas: HTMLElement): number {
  const [zoom, setZoom] = useState(1);
  useEffect(() => {
    const moved = canvas.closest<HTMLElement>(".react-flow__viewport");
    if (!moved) return;
    const look = (): void => setZoom(new DOMMatrix(getComputedStyle(moved).transform).a || 1);
    look();
    const observer = new MutationObserver(look);
    observer.observe(moved, { attributes: true, attributeFilter: ["style"] });
    return () => observer.disconnect();
  }, [canvas]);
  return zoom;
}
