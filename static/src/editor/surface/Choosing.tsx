import { useEffect, useMemo, useRef, useState } from "react";
import { Tile } from "../../canvas/Icon.tsx";
import { useCanvas } from "../../canvas/store.ts";
import { Dialog } from "../Dialog.tsx";
import { connect } from "../document/edits.ts";
import { useEditor } from "../store.ts";
import { containersFor, focusNode, hasInput, putInto } from "./actions.ts";
import { refusal } from "./connecting.ts";
import { agentsFor, hangOn } from "./hanging.ts";
import { sceneNow } from "./scene.ts";
import { useSurface } from "./state.ts";
import { readingOrder } from "./walk.ts";

/** What the pointer does by dragging, for keys: connecting two steps, and putting steps into a loop. */
export function Choosing() {
  const from = useSurface((state) => state.connecting);
  const isNesting = useSurface((state) => state.isNesting);
  const isHanging = useSurface((state) => state.isHanging);
  if (from !== null) return <Connect key={from} from={from} />;
  if (isHanging) return <HangOn />;
  return isNesting ? <Nest /> : null;
}

function Connect({ from }: { from: string }) {
  const card = useCanvas((state) => state.cards[from]);
  const definition = useEditor((state) => state.definition);
  const taken = new Set(definition.connections.filter((one) => one.from === from).map(({ port }) => port));
  const ports = card?.ports ?? [];
  const [port, setPort] = useState(ports.find((one) => !taken.has(one)) ?? ports[0] ?? "main");
  const targets = useMemo(
    () => readingOrder(sceneNow()).filter((to) => refusal(definition, { from, port, to }, hasInput) === null),
    [definition, from, port],
  );
  const close = (): void => {
    useSurface.setState({ connecting: null });
    focusNode(from);
  };
  if (!card) return null;
  return (
    <Dialog title={`Connect ${card.node.name}`} onClose={close}>
      {ports.length > 1 ? (
        <fieldset className="choosing-ports">
          <legend className="label">By which outcome</legend>
          <div className="segmented">
            {ports.map((one) => (
              <button key={one} type="button" aria-pressed={one === port} onClick={() => setPort(one)}>
                {one}
              </button>
            ))}
          </div>
        </fieldset>
      ) : null}
      <Options
        label="To which step"
        ids={targets}
        nothing="No step can follow it: each would lead in a circle, is connected already, or stands in another loop."
        onChoose={(to) => {
          useEditor.getState().edit("Connect", (now) => connect(now, { from, port, to }));
          close();
        }}
      />
    </Dialog>
  );
}

function Nest() {
  const chosen = useEditor((state) => state.selection.nodes);
  const close = (): void => useSurface.setState({ isNesting: false });
  return (
    <Dialog
      title={chosen.size === 1 ? "Move into a loop" : `Move ${chosen.size} steps into a loop`}
      onClose={close}
    >
      <Options
        label="Which loop"
        ids={containersFor(chosen)}
        nothing="There is no other loop to move it into."
        onChoose={(into) => {
          putInto(into);
          close();
        }}
      />
    </Dialog>
  );
}

function HangOn() {
  const close = (): void => useSurface.setState({ isHanging: false });
  return (
    <Dialog title="Hang on an agent" onClose={close}>
      <Options
        label="Which agent"
        ids={agentsFor()}
        nothing="There is no other agent to hang it on."
        onChoose={(agent) => {
          hangOn(agent);
          close();
        }}
      />
    </Dialog>
  );
}

/** Steps to choose one of, by typing, arrows and Enter, or a click. */
function Options({
  label,
  ids,
  nothing,
  onChoose,
}: {
  label: string;
  ids: readonly string[];
  nothing: string;
  onChoose: (id: string) => void;
}) {
  const cards = useCanvas((state) => state.cards);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  // After the dialog has opened, which puts the focus on its first button.
  useEffect(() => queueMicrotask(() => field.current?.focus()), []);
  const needle = query.trim().toLowerCase();
  const shown = ids.filter((id) => cards[id]?.node.name.toLowerCase().includes(needle));
  const lit = Math.max(0, Math.min(at, shown.length - 1));
  return (
    <div className="choosing">
      <label className="label" htmlFor="choosing">
        {label}
      </label>
      <input
        ref={field}
        id="choosing"
        className="input"
        role="combobox"
        aria-expanded="true"
        aria-controls="choosing-list"
        aria-activedescendant={shown[lit] === undefined ? undefined : `choosing-${lit}`}
        autoComplete="off"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const chosen = shown[lit];
          if (event.key === "ArrowDown") setAt(Math.min(shown.length - 1, lit + 1));
          else if (event.key === "ArrowUp") setAt(Math.max(0, lit - 1));
          else if (event.key === "Enter" && chosen !== undefined) onChoose(chosen);
          else return;
          event.preventDefault();
        }}
      />
      <div id="choosing-list" className="choosing-list" role="listbox" aria-label={label}>
        {shown.map((id, index) => {
          const card = cards[id];
          return card ? (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys.
            <div
              key={id}
              id={`choosing-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === lit}
              ref={index === lit ? (element) => element?.scrollIntoView({ block: "nearest" }) : null}
              onClick={() => onChoose(id)}
            >
              <Tile type={card.node.type} icon={card.entry?.icon ?? "box"} isSmall />
              <b>{card.node.name}</b>
              <span>{card.intent || card.typeName}</span>
            </div>
          ) : null;
        })}
        {shown.length === 0 ? <p className="pane-empty">{needle ? "Nothing found." : nothing}</p> : null}
      </div>
    </div>
  );
}
