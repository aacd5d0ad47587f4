import { useState } from "react";
import { Icon } from "./Icon.tsx";
import { JsonTree } from "./JsonTree.tsx";
import { isObject } from "./summarize.ts";
import { tableOf } from "./tree.ts";
import type { Json } from "./types.ts";

const FIRST_ROWS = 100;

/** A payload with search, tree or table, and copy. */
export function PayloadView({
  value,
  root,
  name,
  empty,
}: {
  value: Json | undefined;
  root: string;
  name: string;
  empty: string;
}) {
  const [search, setSearch] = useState("");
  const [isTable, setTable] = useState(false);
  if (value === undefined || value === null) return <p className="pane-empty">{empty}</p>;
  const table = tableOf(value);
  return (
    <div className="data-view">
      <div className="data-bar">
        <div className="search search-sm grow">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            value={search}
            placeholder={`Search in ${name}`}
            aria-label={`Search in ${name}`}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
        {table ? (
          <div className="segmented">
            <button type="button" aria-pressed={!isTable} onClick={() => setTable(false)}>
              Tree
            </button>
            <button type="button" aria-pressed={isTable} onClick={() => setTable(true)}>
              Table
            </button>
          </div>
        ) : null}
        <button
          type="button"
          className="btn btn-sm btn-icon"
          data-copy={JSON.stringify(value, null, 2)}
          aria-label={`Copy ${name}`}
          title={`Copy ${name}`}
        >
          <Icon name="copy" />
        </button>
      </div>
      <div className="data-scroll">
        {table && isTable ? (
          <Table table={table} search={search} />
        ) : (
          <JsonTree value={value} root={root} search={search} />
        )}
      </div>
    </div>
  );
}

function Table({ table, search }: { table: NonNullable<ReturnType<typeof tableOf>>; search: string }) {
  const needle = search.trim().toLowerCase();
  const rows = table.rows.filter((row) => !needle || JSON.stringify(row).toLowerCase().includes(needle));
  return (
    <>
      {table.path ? <p className="data-path mono">{table.path}</p> : null}
      <table className="data-table">
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, FIRST_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows have no other identity and are never reordered.
            <tr key={index}>
              {table.columns.map((column) => (
                <td key={column} className={typeof row[column] === "number" ? "num" : undefined}>
                  {cell(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > FIRST_ROWS ? (
        <p className="pane-empty">
          The first {FIRST_ROWS} of {rows.length} rows. The tree has all of them.
        </p>
      ) : null}
    </>
  );
}

function cell(value: Json | undefined): string {
  if (value === undefined || value === null) return "–";
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
