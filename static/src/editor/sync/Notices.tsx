import type { ReactNode } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import { Conflicts } from "./Conflicts.tsx";
import { discardFound, restoreFound } from "./saving.ts";
import { useSaving } from "./state.ts";
import { act } from "./ways.ts";

/** What somebody must know of the draft's keeping, above the canvas: why it is not saved, what was found, what to choose. */
export function Notices() {
  const { phase, trouble, found, conflicts } = useSaving();
  return (
    <>
      <div className="sync-notices" role="status">
        {trouble ? (
          <Notice tone={phase === "refused" ? "error" : "human"} title={`Not saved: ${trouble.reason}`}>
            <p>{trouble.detail}</p>
            {trouble.errors.length > 0 ? (
              <ul>
                {trouble.errors.slice(0, 5).map(({ path, message }) => (
                  <li key={`${path} ${message}`}>{message}</li>
                ))}
              </ul>
            ) : null}
            <p className="sync-ways">
              {trouble.ways.map((way) => (
                <button key={way.act} type="button" className="btn btn-sm" onClick={() => void act(way.act)}>
                  {way.label}
                </button>
              ))}
            </p>
          </Notice>
        ) : null}
        {found ? (
          <Notice tone="human" title="Changes that were never saved">
            <p>
              From {new Date(found.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}
              , in this tab. They can be put onto the draft as it is now.
            </p>
            <p className="sync-ways">
              <button type="button" className="btn btn-sm btn-primary" onClick={restoreFound}>
                Restore
              </button>
              <button type="button" className="btn btn-sm" onClick={discardFound}>
                Discard
              </button>
            </p>
          </Notice>
        ) : null}
      </div>
      {conflicts.length > 0 ? <Conflicts conflicts={conflicts} /> : null}
    </>
  );
}

function Notice({ tone, title, children }: { tone: "error" | "human"; title: string; children: ReactNode }) {
  return (
    <section className="sync-notice" data-tone={tone}>
      <Icon name={tone === "error" ? "circle-x" : "triangle-alert"} />
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </section>
  );
}
