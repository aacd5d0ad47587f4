import { useState } from "react";
import { Icon } from "./Icon.tsx";
import { Marked } from "./Marked.tsx";
import { isObject } from "./summarize.ts";
import { childPath, matches } from "./tree.ts";
import type { Json } from "./types.ts";

const FIRST_CHILDREN = 100;
const OPEN_DEPTH = 2;
const LONG_TEXT = 600;

/** A value as a tree: fold, search, copy a path or a value. `root` is the expression that reaches the value. */
export function JsonTree({ value, root, search = "" }: { value: Json; root: string; search?: string }) {
  const needle = search.trim().toLowerCase();
  if (!Array.isArray(value) && !isObject(value))
    return (
      <div className="tree">
        <Leaf name="" value={value} path={root} depth={0} needle={needle} />
      </div>
    );
  return (
    <div className="tree">
      <Children value={value} path={root} depth={0} needle={needle} />
    </div>
  );
}

function Children({
  value,
  path,
  depth,
  needle,
}: {
  value: Json[] | { [key: string]: Json };
  path: string;
  depth: number;
  needle: string;
}) {
  const [shown, setShown] = useState(FIRST_CHILDREN);
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value);
  const found = needle ? entries.filter(([key, item]) => matches(String(key), item, needle)) : entries;
  if (found.length === 0)
    return (
      <div className="tree-none">
        {needle ? "Nothing found" : Array.isArray(value) ? "Empty list" : "No fields"}
      </div>
    );
  return (
    <>
      {found.slice(0, shown).map(([key, item]) => (
        <Branch key={key} name={key} value={item} path={childPath(path, key)} depth={depth} needle={needle} />
      ))}
      {found.length > shown ? (
        <button type="button" className="tree-more link" onClick={() => setShown(shown + FIRST_CHILDREN)}>
          Show {Math.min(FIRST_CHILDREN, found.length - shown)} more of {found.length}
        </button>
      ) : null}
    </>
  );
}

interface BranchProps {
  name: string | number;
  value: Json;
  path: string;
  depth: number;
  needle: string;
}

function Branch({ name, value, path, depth, needle }: BranchProps) {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  if (!Array.isArray(value) && !isObject(value))
    return <Leaf name={String(name)} value={value} path={path} depth={depth} needle={needle} />;
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  const word = Array.isArray(value) ? (size === 1 ? "item" : "items") : size === 1 ? "key" : "keys";
  const isShown = isOpen || needle !== "";
  return (
    <>
      <div className="tree-row" style={{ paddingLeft: depth * 16 }}>
        <button type="button" className="tree-fold" aria-expanded={isShown} onClick={() => setOpen(!isOpen)}>
          <Icon name={isShown ? "chevron-down" : "chevron-right"} size={12} />
          <span className="tree-key">
            <Marked text={String(name)} needle={needle} />:{" "}
          </span>
          <span className="tree-size">
            {size} {word}
          </span>
        </button>
        <Copies path={path} value={value} />
      </div>
      {isShown ? <Children value={value} path={path} depth={depth + 1} needle={needle} /> : null}
    </>
  );
}

function Leaf({
  name,
  value,
  path,
  depth,
  needle,
}: {
  name: string;
  value: Json;
  path: string;
  depth: number;
  needle: string;
}) {
  const [isWhole, setWhole] = useState(false);
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  const isCut = text.length > LONG_TEXT && !isWhole;
  const kind = typeof value === "string" ? "string" : typeof value === "number" ? "number" : "keyword";
  return (
    <div className="tree-row" style={{ paddingLeft: depth * 16 + 16 }}>
      {name === "" ? null : (
        <span className="tree-key">
          <Marked text={name} needle={needle} />:{" "}
        </span>
      )}
      <span className={`tree-value tree-${kind}`}>
        <Marked text={isCut ? text.slice(0, LONG_TEXT) : text} needle={needle} />
        {isCut ? (
          <button type="button" className="link" onClick={() => setWhole(true)}>
            … {text.length - LONG_TEXT} more
          </button>
        ) : null}
      </span>
      <Copies path={path} value={value} />
    </div>
  );
}

function Copies({ path, value }: { path: string; value: Json }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <span className="tree-copies">
      <button type="button" data-copy={path} aria-label={`Copy path ${path}`} title="Copy path">
        <Icon name="braces" size={14} />
      </button>
      <button type="button" data-copy={text} aria-label="Copy value" title="Copy value">
        <Icon name="copy" size={14} />
      </button>
    </span>
  );
}
