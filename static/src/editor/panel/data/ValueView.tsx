import { useMemo, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import { tableOf } from "../../../canvas/tree.ts";
import type { Json } from "../../../canvas/types.ts";
import { copyOf, cutJson } from "./rows.ts";
import { Table } from "./Table.tsx";
import { Tree } from "./Tree.tsx";

type View = "Tree" | "Table" | "JSON";
const ICONS: Readonly<Record<View, string>> = { Tree: "list-tree", Table: "table", JSON: "braces" };

/** A value as a tree, a table where there is one in it, or JSON; searched and copied. */
export function ValueView({ value, root, name }: { value: Json; root: string; name: string }) {
  const [search, setSearch] = useState("");
  const [chosen, setView] = useState<View>("Tree");
  const table = useMemo(() => tableOf(value), [value]);
  const view = chosen === "Table" && !table ? "Tree" : chosen;
  const views: View[] = table ? ["Tree", "Table", "JSON"] : ["Tree", "JSON"];
  return (
    <>
      <div className="data-tools">
        <div className="search search-sm grow">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            value={search}
            placeholder="Search"
            aria-label={`Search in the ${name.toLowerCase()}`}
            disabled={view === "JSON"}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
        <div className="segmented">
          {views.map((each) => (
            <button
              key={each}
              type="button"
              className="data-switch"
              aria-pressed={each === view}
              aria-label={`${name} as ${each === "JSON" ? each : each.toLowerCase()}`}
              title={each}
              onClick={() => setView(each)}
            >
              <Icon name={ICONS[each]} size={14} />
            </button>
          ))}
        </div>
        <button
          type="button"
          className="form-icon"
          aria-label={`Copy the ${name.toLowerCase()}`}
          title="Copy all"
          onClick={() => void navigator.clipboard?.writeText(copyOf(value))}
        >
          <Icon name="copy" size={14} />
        </button>
      </div>
      {view === "Tree" ? <Tree value={value} root={root} search={search} label={name} /> : null}
      {view === "Table" && table ? <Table table={table} root={root} search={search} /> : null}
      {view === "JSON" ? <JsonText value={value} name={name} /> : null}
    </>
  );
}

function JsonText({ value, name }: { value: Json; name: string }) {
  const { text, isCut } = useMemo(() => cutJson(value), [value]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keyboard, too.
    <section className="data-json" tabIndex={0} aria-label={`${name} as JSON`}>
      <pre>{text}</pre>
      {isCut ? <p className="data-none">The beginning of it. Copying takes all of it.</p> : null}
    </section>
  );
}
