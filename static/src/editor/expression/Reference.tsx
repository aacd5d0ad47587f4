import { useEffect, useId, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Icon } from "../../canvas/Icon.tsx";
import { type FunctionEntry, type Language, loadLanguage, NO_LANGUAGE } from "./language.ts";

const GROUPS: Record<string, string> = {
  text: "Texts",
  list: "Lists",
  number: "Numbers",
  date: "Dates",
  object: "Objects",
};

/** The button that opens the list of functions; taking one writes it where the cursor is. */
export function Reference({ onTake }: { onTake: (text: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="expression-reference"
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        title="Functions"
        aria-label="Functions"
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="square-function" size={14} />
      </button>
      {isOpen && button.current
        ? createPortal(
            <List
              anchor={button.current}
              onClose={close}
              onTake={(text) => {
                setOpen(false);
                onTake(text);
              }}
            />,
            document.body,
          )
        : null}
    </>
  );
}

const WIDTH = 380;
const HEIGHT = 420;

interface ListProps {
  anchor: HTMLElement;
  onTake: (text: string) => void;
  onClose: () => void;
}

function List({ anchor, onTake, onClose }: ListProps) {
  const [language, setLanguage] = useState<Language>(NO_LANGUAGE);
  const [search, setSearch] = useState("");
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => void loadLanguage().then(setLanguage), []);
  useEffect(() => {
    const outside = (event: PointerEvent): void => {
      const target = event.target as Node;
      if (!host.current?.contains(target) && !anchor.contains(target)) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [anchor, onClose]);
  const box = anchor.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.right - WIDTH, window.innerWidth - WIDTH - 8));
  const isBelow = box.bottom + HEIGHT < window.innerHeight;
  const top = isBelow ? box.bottom + 4 : Math.max(8, box.top - HEIGHT - 4);
  const found = language.functions.filter((entry) => fits(entry, search));
  return (
    <div
      ref={host}
      className="expr-reference"
      role="dialog"
      aria-label="Functions"
      style={{ left, top, width: Math.min(WIDTH, window.innerWidth - 16), maxHeight: HEIGHT }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onClose();
      }}
    >
      <label className="expr-reference-search" htmlFor={id}>
        <Icon name="search" size={14} />
        <input
          id={id}
          // biome-ignore lint/a11y/noAutofocus: a list that somebody opened to look something up.
          autoFocus
          type="search"
          placeholder="Search functions"
          aria-label="Search functions"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      <div className="expr-reference-list">
        {Object.entries(GROUPS).map(([group, title]) => {
          const entries = found.filter((entry) => entry.group === group);
          return entries.length === 0 ? null : (
            <section key={group}>
              <h3>{title}</h3>
              <ul>
                {entries.map((entry) => (
                  <li key={`${entry.group} ${entry.name}`}>
                    <button type="button" onClick={() => onTake(written(entry))}>
                      <span className="expr-signature">{entry.signature}</span>
                      <span className="expr-doc">{entry.doc}</span>
                      {entry.example ? (
                        <span className="expr-example">
                          {entry.example}
                          <span className="expr-result"> → {JSON.stringify(entry.result)}</span>
                        </span>
                      ) : null}
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
        {found.length === 0 && language.functions.length > 0 ? (
          <p className="pane-empty">No function fits “{search}”.</p>
        ) : null}
      </div>
    </div>
  );
}

function fits({ name, methods, globals, doc }: FunctionEntry, search: string): boolean {
  const needle = search.trim().toLowerCase();
  return [name, doc, ...methods, ...globals].some((text) => text.toLowerCase().includes(needle));
}

const written = ({ methods, globals }: FunctionEntry): string =>
  methods[0] ? `.${methods[0]}()` : `${globals[0] ?? ""}()`;
