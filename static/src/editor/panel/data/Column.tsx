import { type ReactNode, useState } from "react";
import { relativeTime } from "../../../app/words.ts";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { ask } from "../../api.ts";
import type { Datum } from "../../data/store.ts";
import { sayRefused } from "../../notices.ts";
import { useEditor } from "../../store.ts";
import { ValueView } from "./ValueView.tsx";

/** More is not asked for into a page. */
const LARGEST = 25_000_000;

/** A value with where it is from, or why there is none. */
export function Values({
  datum,
  value,
  root,
  name,
  empty,
}: {
  datum: Datum;
  value: Json | undefined;
  root: string;
  name: string;
  empty: ReactNode;
}) {
  const [whole, setWhole] = useState<{ of: Datum; value: Json } | null>(null);
  const shown = whole?.of === datum ? whole.value : value;
  if (shown !== undefined) return <ValueView value={shown} root={root} name={name} />;
  const { large } = datum;
  if (!large) return <div className="data-empty">{empty}</div>;
  const size = `${(large.size / 1e6).toFixed(1)} MB`;
  const load = async (): Promise<void> => {
    try {
      setWhole({ of: datum, value: await ask<Json>("GET", large.url) });
    } catch (error) {
      sayRefused(`The ${name.toLowerCase()} could not be had`, error);
    }
  };
  return (
    <div className="data-empty">
      <p>
        {size} are too much to come along by themselves.{" "}
        {large.size > LARGEST ? "Open them in a tab of their own." : ""}
      </p>
      {large.size > LARGEST ? (
        <a className="btn btn-sm" href={large.url} target="_blank" rel="noreferrer">
          Open
        </a>
      ) : (
        <button type="button" className="btn btn-sm" onClick={() => void load()}>
          Show them
        </button>
      )}
      <pre className="data-head">{large.head}</pre>
    </div>
  );
}

/** Where a value is from. */
export function From({ datum, children }: { datum: Datum; children?: ReactNode }) {
  const slug = useEditor((state) => state.data.workspace.slug);
  if (datum.source === null && !children) return null;
  const isFailed = datum.status === "FAILED";
  return (
    <footer className="data-from">
      {datum.source === "pinned" ? (
        <span>
          <Icon name="pin" size={14} /> Pinned: test runs take this
        </span>
      ) : null}
      {datum.source === "example" ? (
        <span>
          <Icon name="book-open" size={14} /> An example, nothing ran yet
        </span>
      ) : null}
      {datum.source === "run" ? (
        <span>
          <Icon name={isFailed ? "circle-x" : "history"} size={14} />
          {isFailed ? "Failed" : "From the run"}
          {datum.at ? ` ${relativeTime(new Date(datum.at), new Date())}` : ""}
          {datum.executionId ? (
            <a className="link" href={`/w/${slug}/executions/${datum.executionId}/`}>
              Open
            </a>
          ) : null}
        </span>
      ) : null}
      <span className="row push">{children}</span>
    </footer>
  );
}
