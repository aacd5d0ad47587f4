import { type KeyboardEvent, useDeferredValue, useId, useMemo, useRef, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import { Marked } from "../../../canvas/Marked.tsx";
import type { Json } from "../../../canvas/types.ts";
import { useWindowed } from "../../../canvas/windowed.ts";
import { PATH_TYPE } from "../../expression/field.ts";
import { copyOf, type Folds, kindOf, pathOf, placeOf, plain, type Row, rowsOf, sizeWords } from "./rows.ts";

const HEIGHT = 24;

/**
 * A value as a tree whose rows are dragged into fields. Arrow keys walk, open and fold; Ctrl+C copies the path,
 * Ctrl+Shift+C the value.
 */
export function Tree({
  value,
  root,
  search,
  label,
}: {
  value: Json;
  root: string;
  search: string;
  label: string;
}) {
  const [folds, setFolds] = useState<Folds>(new Map());
  const needle = useDeferredValue(search.trim().toLowerCase());
  const rows = useMemo(() => rowsOf(value, folds, needle), [value, folds, needle]);
  const scroller = useRef<HTMLDivElement>(null);
  const [first, last] = useWindowed(scroller, rows.length, HEIGHT);
  const [active, setActive] = useState(0);
  const id = useId();
  const at = Math.min(active, rows.length - 1);
  const fold = (row: Row, isOpen: boolean): void => {
    if (row.size === null || needle) return;
    setFolds(new Map(folds).set(placeOf(row), isOpen));
  };
  const go = (to: number): void => {
    const next = Math.min(Math.max(to, 0), rows.length - 1);
    setActive(next);
    const element = scroller.current;
    if (!element) return;
    if (next * HEIGHT < element.scrollTop) element.scrollTop = next * HEIGHT;
    else if ((next + 1) * HEIGHT > element.scrollTop + element.clientHeight)
      element.scrollTop = (next + 1) * HEIGHT - element.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (!row) return;
    const isCopy = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c";
    if (isCopy && getSelection()?.isCollapsed !== false) {
      void navigator.clipboard?.writeText(event.shiftKey ? copyOf(row.value) : pathOf(row, root));
    } else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(rows.length - 1);
    else if (event.key === "ArrowRight") row.isOpen ? go(at + 1) : fold(row, true);
    else if (event.key === "ArrowLeft") {
      if (row.isOpen && row.size !== null) fold(row, false);
      else if (row.parent) go(rows.indexOf(row.parent));
    } else if (event.key === "Enter" || event.key === " ") fold(row, !row.isOpen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (rows.length === 0)
    return (
      <p className="data-none">
        {needle ? "Nothing found." : Array.isArray(value) ? "An empty list." : "No members."}
      </p>
    );
  return (
    <div
      ref={scroller}
      className="data-tree tree"
      role="tree"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div className="data-tree-rows" role="presentation" ref={(element) => heightOf(element, rows.length)}>
        {rows.slice(first, last + 1).map((row, index) => (
          <TreeRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; what stands there changes with the value.
            key={first + index}
            id={`${id}-${first + index}`}
            at={first + index}
            row={row}
            root={root}
            needle={needle}
            isActive={first + index === at}
            onChoose={() => setActive(first + index)}
            onFold={() => fold(row, !row.isOpen)}
          />
        ))}
      </div>
    </div>
  );
}

/** Heights and places are set by script: the Content-Security-Policy lets no style stand in the markup. */
function heightOf(element: HTMLElement | null, count: number): void {
  element?.style.setProperty("height", `${count * HEIGHT}px`);
}

interface RowProps {
  id: string;
  at: number;
  row: Row;
  root: string;
  needle: string;
  isActive: boolean;
  onChoose: () => void;
  onFold: () => void;
}

function TreeRow({ id, at, row, root, needle, isActive, onChoose, onFold }: RowProps) {
  const path = pathOf(row, root);
  const isPlain = row.size === null;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names the row that is active.
    // biome-ignore lint/a11y/useKeyWithClickEvents: its keys are the tree's.
    <div
      id={id}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={isActive}
      aria-expanded={isPlain ? undefined : row.isOpen}
      className="data-row"
      data-active={isActive || undefined}
      draggable
      title={`${path}: drag it into a field`}
      ref={(element) => {
        element?.style.setProperty("top", `${at * HEIGHT}px`);
        element?.style.setProperty("--depth", String(row.depth));
      }}
      onDragStart={(event) => {
        event.dataTransfer.setData(PATH_TYPE, path);
        event.dataTransfer.setData("text/plain", `{{ ${path} }}`);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => {
        onChoose();
        if (!isPlain) onFold();
      }}
    >
      <span className="data-fold">
        {isPlain ? null : <Icon name={row.isOpen ? "chevron-down" : "chevron-right"} size={12} />}
      </span>
      {row.name === null ? null : (
        <span className="tree-key">
          <Marked text={String(row.name)} needle={needle} />:{" "}
        </span>
      )}
      {row.size === null ? (
        <span className={`data-value tree-${kindOf(row.value)}`}>
          <Marked text={plain(row.value)} needle={needle} />
        </span>
      ) : (
        <span className="tree-size">{sizeWords(row.value, row.size)}</span>
      )}
      <Copies path={path} value={row.value} />
    </div>
  );
}

function Copies({ path, value }: { path: string; value: Json }) {
  const put = (text: string) => (event: { stopPropagation: () => void }) => {
    event.stopPropagation();
    void navigator.clipboard?.writeText(text);
  };
  return (
    <span className="data-copies">
      <button
        type="button"
        tabIndex={-1}
        aria-label={`Copy the path ${path}`}
        title="Copy the path (Ctrl+C)"
        onClick={put(path)}
      >
        <Icon name="braces" size={14} />
      </button>
      <button
        type="button"
        tabIndex={-1}
        aria-label="Copy the value"
        title="Copy the value (Ctrl+Shift+C)"
        onClick={(event) => put(copyOf(value))(event)}
      >
        <Icon name="copy" size={14} />
      </button>
    </span>
  );
}
