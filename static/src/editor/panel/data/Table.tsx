import { useDeferredValue, useMemo, useRef } from "react";
import { childPath, type tableOf } from "../../../canvas/tree.ts";
import type { Json } from "../../../canvas/types.ts";
import { useWindowed } from "../../../canvas/windowed.ts";
import { PATH_TYPE } from "../../expression/field.ts";

const HEIGHT = 28;
/** Tables with more columns are no longer read. */
const COLUMNS = 40;

export type TableData = NonNullable<ReturnType<typeof tableOf>>;

/** A list of objects as a table. Its headings are dragged into fields: they stand for the column of the first row. */
export function Table({ table, root, search }: { table: TableData; root: string; search: string }) {
  const needle = useDeferredValue(search.trim().toLowerCase());
  const rows = useMemo(() => {
    const numbered = table.rows.map((row, index) => ({ row, index }));
    if (!needle) return numbered;
    return numbered.filter(({ row }) => JSON.stringify(row).toLowerCase().includes(needle));
  }, [table, needle]);
  const scroller = useRef<HTMLDivElement>(null);
  const [first, last] = useWindowed(scroller, rows.length, HEIGHT, HEIGHT);
  const columns = table.columns.slice(0, COLUMNS);
  const base = `${root}${table.path ? (table.path.startsWith("[") ? "" : ".") : ""}${table.path}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keyboard, too.
    <section className="data-grid" ref={scroller} tabIndex={0} aria-label={`Table ${base}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">#</th>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                draggable
                title={`Drag ${column} into a field`}
                onDragStart={(event) => {
                  event.dataTransfer.setData(PATH_TYPE, childPath(childPath(base, 0), column));
                  event.dataTransfer.effectAllowed = "copy";
                }}
              >
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap rows={first} columns={columns.length + 1} />
          {rows.slice(first, last + 1).map(({ row, index }) => (
            <tr key={index}>
              <td className="num muted">{index}</td>
              {columns.map((column) => (
                <td
                  key={column}
                  className={typeof row[column] === "number" ? "num" : undefined}
                  draggable
                  onDragStart={(event) => {
                    event.dataTransfer.setData(PATH_TYPE, childPath(childPath(base, index), column));
                    event.dataTransfer.effectAllowed = "copy";
                  }}
                >
                  {cell(row[column])}
                </td>
              ))}
            </tr>
          ))}
          <Gap rows={rows.length - 1 - last} columns={columns.length + 1} />
        </tbody>
      </table>
      {table.columns.length > COLUMNS ? (
        <p className="data-none">
          The first {COLUMNS} of {table.columns.length} columns; the tree has all of them.
        </p>
      ) : null}
    </section>
  );
}

/** The room of rows that are not drawn. */
function Gap({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null;
  return (
    <tr>
      <td
        colSpan={columns}
        className="data-gap"
        ref={(element) => element?.style.setProperty("height", `${rows * HEIGHT}px`)}
      />
    </tr>
  );
}

function cell(value: Json | undefined): string {
  if (value === undefined || value === null) return "–";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
