import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { Icon, Tile } from "../../canvas/Icon.tsx";
import type { NodeTypeEntry } from "../../canvas/types.ts";
import { registerCommands } from "../commands.ts";
import { typeKey, useEditor } from "../store.ts";
import { Adder } from "./Adder.tsx";
import { addNode, here, openAdder, useAdder } from "./adding.ts";
import { found, groups } from "./catalogue.ts";
import { Ghost, useDragging } from "./dragging.tsx";

const FOLDED = "editor:palette-folded";

/** Every node type there is, to be put on the canvas: by a click, by dragging, by keys. */
export function Palette() {
  const entries = useEditor((state) => state.data.node_types);
  const [query, setQuery] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [isFolded, setFolded] = useState(() => localStorage.getItem(FOLDED) === "yes");
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const recent = useAdder((state) => state.recent);
  const shown = useMemo(
    () => (query.trim() ? [{ title: "Found", entries: found(entries, query, recent) }] : groups(entries)),
    [entries, query, recent],
  );

  const fold = (now: boolean): void => {
    setFolded(now);
    localStorage.setItem(FOLDED, now ? "yes" : "no");
  };

  useEffect(() => {
    registerCommands([
      {
        id: "palette.search",
        title: "Find a node type",
        group: "Canvas",
        keys: ["/"],
        icon: "search",
        run: () => {
          setFolded(false);
          setTimeout(() => field.current?.select());
        },
      },
    ]);
  }, []);

  const add = (entry: NodeTypeEntry): void => {
    addNode(entry, here());
    setQuery("");
  };

  const walk = (event: KeyboardEvent): void => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-walked]") ?? [])].filter((row) =>
      row.checkVisibility(),
    );
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === "Escape") {
      if (query) setQuery("");
      field.current?.blur();
      document.querySelector<HTMLElement>(".editor-surface .react-flow__pane")?.focus();
      return;
    }
    if (next === undefined || (at < 0 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (next < 0) field.current?.focus();
    else rows[Math.min(next, rows.length - 1)]?.focus();
  };

  if (isFolded)
    return (
      <nav className="editor-palette is-folded" aria-label="Nodes">
        <button
          type="button"
          className="btn btn-icon btn-ghost"
          aria-label="Show all nodes"
          title="Show all nodes"
          onClick={() => fold(false)}
        >
          <Icon name="panel-left-open" />
        </button>
        <button
          type="button"
          className="btn btn-icon"
          aria-label="Add a node"
          title="Add a node (Tab)"
          onClick={() => openAdder(here())}
        >
          <Icon name="plus" />
        </button>
        <Adder />
      </nav>
    );
  return (
    <nav className="editor-palette" aria-label="Nodes" onKeyDown={walk}>
      <div className="node-search">
        <Icon name="search" size={14} />
        <input
          ref={field}
          type="search"
          value={query}
          placeholder="Add a node"
          aria-label="Find a node type"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const first = shown[0]?.entries[0];
            if (event.key === "Enter" && query.trim() && first) add(first);
          }}
        />
        <kbd className="kbd">/</kbd>
        <button
          type="button"
          className="node-fold"
          aria-label="Hide the list of nodes"
          title="Hide the list of nodes"
          onClick={() => fold(true)}
        >
          <Icon name="panel-left-close" size={14} />
        </button>
      </div>
      <div className="node-groups" ref={list}>
        {shown.map(({ title, entries: members }) => {
          const isClosed = !query && closed.has(title);
          return (
            <section key={title} aria-label={title}>
              {query ? null : (
                <h2>
                  <button
                    type="button"
                    aria-expanded={!isClosed}
                    onClick={() => {
                      const now = new Set(closed);
                      if (!now.delete(title)) now.add(title);
                      setClosed(now);
                    }}
                  >
                    {title}
                    <Icon name={isClosed ? "chevron-right" : "chevron-down"} size={12} />
                  </button>
                </h2>
              )}
              {isClosed ? null : (
                <ul>
                  {members.map((entry) => (
                    <Row key={typeKey(entry)} entry={entry} onAdd={add} />
                  ))}
                </ul>
              )}
            </section>
          );
        })}
        {query.trim() && shown[0]?.entries.length === 0 ? (
          <p className="node-nothing">
            Nothing is called so or does that. Try another word, such as “api” or “wait”.
          </p>
        ) : null}
      </div>
      <Ghost />
      <Adder />
    </nav>
  );
}

function Row({ entry, onAdd }: { entry: NodeTypeEntry; onAdd: (entry: NodeTypeEntry) => void }) {
  const drag = useDragging(entry);
  return (
    <li>
      <button
        type="button"
        className="node-row"
        data-walked=""
        title={entry.summary}
        {...drag.handlers}
        onClick={(event) => {
          // A drag ends with a click on what was dragged.
          if (!drag.wasDragged() || event.detail === 0) onAdd(entry);
        }}
      >
        <Tile type={entry.type} icon={entry.icon} isSmall />
        <span className="truncate-line">{entry.name}</span>
      </button>
    </li>
  );
}
