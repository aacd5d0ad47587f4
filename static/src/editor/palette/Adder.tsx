import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Icon, Tile } from "../../canvas/Icon.tsx";
import type { NodeTypeEntry } from "../../canvas/types.ts";
import { nodeOf } from "../document/edits.ts";
import { typeKey, useEditor } from "../store.ts";
import { focusNode } from "../surface/actions.ts";
import { addNode, closeAdder, type Adder as Opened, useAdder } from "./adding.ts";
import { found, type Group, groups } from "./catalogue.ts";
import { isFitting } from "./planning.ts";

const MOST_RECENT = 4;
const EDGE = 12;

/** The quick list of node types, where somebody is about to add one. */
export function Adder() {
  const open = useAdder((state) => state.open);
  return open ? createPortal(<List key={JSON.stringify(open)} opened={open} />, document.body) : null;
}

function List({ opened: { adding, at } }: { opened: Opened }) {
  const entries = useEditor((state) => state.data.node_types);
  const recent = useAdder((state) => state.recent);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement);
  const shown = useMemo(() => offered(entries, adding, query, recent), [entries, adding, query, recent]);
  const rows = shown.flatMap((group) => group.entries);
  const lit = Math.min(active, rows.length - 1);

  // It stays within the window, whatever it was opened at.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.show();
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(EDGE, Math.min(at.x, innerWidth - width - EDGE))}px`;
    element.style.top = `${Math.max(EDGE, Math.min(at.y, innerHeight - height - EDGE))}px`;
    element.querySelector("input")?.focus({ preventScroll: true });
  }, [at]);

  useEffect(() => {
    const away = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) closeAdder();
    };
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, []);

  useEffect(() => {
    list.current?.querySelector(`[data-index="${lit}"]`)?.scrollIntoView({ block: "nearest" });
  }, [lit]);

  const close = (): void => {
    closeAdder();
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
  };
  const choose = (entry: NodeTypeEntry | undefined): void => {
    if (!entry) return;
    closeAdder();
    const id = addNode(entry, adding);
    // The focus was in the list, which is gone: from the new step Tab adds the next one, and Enter sets it up.
    if (id !== null) focusNode(id);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const to: Record<string, number> = {
      ArrowDown: (lit + 1) % rows.length,
      ArrowUp: (lit - 1 + rows.length) % rows.length,
      PageDown: Math.min(rows.length - 1, lit + 8),
      PageUp: Math.max(0, lit - 8),
    };
    const next = to[event.key];
    if (next !== undefined) setActive(Math.max(0, next || 0));
    else if (event.key === "Enter") choose(rows[lit]);
    else if (event.key === "Escape") close();
    else if (event.key !== "Tab") return; // the field is all there is to focus
    event.preventDefault();
    event.stopPropagation();
  };

  let index = 0;
  return (
    <dialog ref={box} className="node-adder" aria-label="Add a node" onKeyDown={press}>
      <div className="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="node-adder-list"
          aria-autocomplete="list"
          aria-activedescendant={rows.length > 0 ? `node-adder-${lit}` : undefined}
          aria-label="Find a node type"
          placeholder={titleFor(adding)}
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
        />
      </div>
      <div ref={list} className="node-adder-list" role="listbox" id="node-adder-list" aria-label="Node types">
        {shown.map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options, not of fields.
          <div key={group.title} role="group" aria-label={group.title}>
            {query ? null : <div className="menu-label">{group.title}</div>}
            {group.entries.map((entry) => {
              const place = index++;
              return (
                // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the field answers the keys.
                <div
                  key={typeKey(entry)}
                  id={`node-adder-${place}`}
                  data-index={place}
                  role="option"
                  aria-selected={place === lit}
                  className="node-option"
                  onPointerMove={() => setActive(place)}
                  onClick={() => choose(entry)}
                >
                  <Tile type={entry.type} icon={entry.icon} />
                  <span>
                    <b>{entry.name}</b>
                    <span className="truncate-line">{entry.summary}</span>
                  </span>
                </div>
              );
            })}
          </div>
        ))}
        {rows.length === 0 ? (
          <p className="palette-nothing">Nothing is called so or does that. Try another word.</p>
        ) : null}
      </div>
    </dialog>
  );
}

/** What fits there: without letters, what was used lately first; with letters, the best first. */
function offered(
  entries: readonly NodeTypeEntry[],
  adding: Opened["adding"],
  query: string,
  recent: readonly string[],
): Group[] {
  const { definition, types } = useEditor.getState();
  const typeOf = (id: string): NodeTypeEntry | undefined => {
    const node = nodeOf(definition, id);
    return node && types.get(typeKey(node));
  };
  const fitting = entries.filter((entry) => isFitting(entry, adding, typeOf));
  if (query.trim()) return [{ title: "Found", entries: found(fitting, query, recent) }];
  // An empty canvas begins with what starts a workflow.
  const lately = recent
    .flatMap((key) => fitting.filter((entry) => typeKey(entry) === key))
    .slice(0, definition.nodes.length === 0 ? 0 : MOST_RECENT);
  const rest = fitting.filter((entry) => !lately.includes(entry));
  return [...(lately.length > 0 ? [{ title: "Recently used", entries: lately }] : []), ...groups(rest)];
}

function titleFor({ from, between, to, agent, slot }: Opened["adding"]): string {
  const { definition } = useEditor.getState();
  const owner = nodeOf(definition, agent ?? "")?.name;
  if (slot && owner) return slot === "TOOL" ? `Give ${owner} a tool` : `Give ${owner} a memory`;
  const name = nodeOf(definition, from ?? to ?? "")?.name;
  if (between) return "Insert a node here";
  if (from && name) return `Add after ${name}`;
  if (to && name) return `Add before ${name}`;
  return "Add a node";
}
