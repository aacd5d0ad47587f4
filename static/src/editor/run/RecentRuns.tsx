import { useEffect, useRef, useState } from "react";
import { relativeTime } from "../../app/words.ts";
import { Icon } from "../../canvas/Icon.tsx";
import { STATUS_LOOKS, STATUS_WORDS } from "../../canvas/states.ts";
import type { ExecutionStatus } from "../../canvas/types.ts";
import { ask } from "../api.ts";
import { reasonOf, sayRefused } from "../notices.ts";
import { useEditor } from "../store.ts";
import { show, useRun } from "./store.ts";

interface Row {
  id: string;
  status: ExecutionStatus;
  version: number | null;
  mode: string;
  created_at: string;
}

const SHOWN = 8;

/** The latest runs of the workflow, looked up whenever the menu around it opens; choosing one shows it on the canvas. */
export function RecentRuns() {
  const id = useEditor((state) => state.workflow.id);
  const shown = useRun((state) => state.shown?.id);
  const [rows, setRows] = useState<Row[] | string | null>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const menu = place.current?.closest("details");
    const load = (): void => {
      if (!menu?.open) return;
      ask<{ results: Row[] }>("GET", `/api/v1/app/executions/?workflow_id=${id}&page_size=${SHOWN}`)
        .then(({ results }) => setRows(results))
        .catch((error: unknown) => setRows(reasonOf(error)));
    };
    menu?.addEventListener("toggle", load);
    return () => menu?.removeEventListener("toggle", load);
  }, [id]);
  return (
    <div ref={place} className="recent-runs">
      <div className="menu-line" />
      <div className="menu-label">Latest runs, shown on the canvas</div>
      {rows === null ? <p className="menu-label">Loading</p> : null}
      {typeof rows === "string" ? <p className="menu-label">{rows}</p> : null}
      {Array.isArray(rows) && rows.length === 0 ? <p className="menu-label">It has not run yet.</p> : null}
      {Array.isArray(rows)
        ? rows.map((row) => (
            <button
              key={row.id}
              type="button"
              className="menu-item"
              aria-current={row.id === shown ? "true" : undefined}
              onClick={() =>
                void show(row.id).catch((error: unknown) => sayRefused("The run cannot be shown", error))
              }
            >
              <span className="recent-run-icon" data-tone={STATUS_LOOKS[row.status].tone}>
                <Icon name={STATUS_LOOKS[row.status].icon} />
              </span>
              {STATUS_WORDS[row.status]}
              <span className="muted small push">
                {row.mode === "test" ? "test" : row.version === null ? "draft" : `v${row.version}`} ·{" "}
                {relativeTime(new Date(row.created_at), new Date())}
              </span>
            </button>
          ))
        : null}
    </div>
  );
}
