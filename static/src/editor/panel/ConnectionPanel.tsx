import { useEffect, useRef, useState } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import type { ConnectionDocument, Json } from "../../canvas/types.ts";
import { useIsNarrow } from "../../canvas/windowed.ts";
import { useData } from "../data/store.ts";
import { type ConnectionKey, disconnect, keyOf, setConnection } from "../document/edits.ts";
import { isSame } from "../document/merge.ts";
import { useEditor } from "../store.ts";
import { CONNECTION, lackOf } from "./connection.ts";
import { Divider } from "./Divider.tsx";
import { From, Values } from "./data/Column.tsx";
import { useDock } from "./dock.ts";
import { FormProvider } from "./form/context.ts";
import { Members } from "./form/Members.tsx";
import type { Schema } from "./form/schema.ts";
import { toCanvas } from "./Panel.tsx";

const NO_SOURCE = { defs: {} };

/** The connection that is chosen, when nothing else is: when it leads on, and what it makes of what it carries. */
export function ConnectionPanel() {
  const chosen = useEditor(({ looking, selection }) =>
    looking === null && selection.nodes.size === 0 && selection.connections.size === 1
      ? ([...selection.connections][0] ?? null)
      : null,
  );
  const connection = useEditor(({ definition }) =>
    definition.connections.find((each) => keyOf(each) === chosen),
  );
  if (!chosen || !connection) return null;
  return <OneConnection key={chosen} id={chosen} connection={connection} />;
}

function OneConnection({ id, connection }: { id: ConnectionKey; connection: ConnectionDocument }) {
  const nodes = useEditor((state) => state.definition.nodes);
  const at = useEditor((state) => state.saved.connections.findIndex((each) => keyOf(each) === id));
  const findings = useEditor((state) => state.findings);
  const isLocked = useEditor((state) => state.isLocked);
  const isNarrow = useIsNarrow();
  const height = useDock((state) => state.height);
  const isFolded = useDock((state) => state.isFolded) && !isNarrow;
  const fold = useDock((state) => state.fold);
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.style.setProperty("--panel-height", `${height}px`), [height]);
  // A node that was open before gives way.
  useEffect(() => useEditor.getState().show(null), []);
  useEffect(() => void useData.getState().load(connection.from), [connection.from]);
  const given = useData((state) => state.outputOf(connection.from));
  useData((state) => state.version);
  const nameOf = (nodeId: string): string => nodes.find((node) => node.id === nodeId)?.name ?? nodeId;
  const [from, to] = [nameOf(connection.from), nameOf(connection.to)];
  // What is not complete yet is no mapping the draft could hold.
  const [pending, setPending] = useState<Json | undefined>(undefined);
  const lack = lackOf(pending);
  const value = Object.fromEntries(
    Object.entries({
      condition: connection.condition,
      mapping: pending ?? connection.mapping,
      input: connection.input === "main" ? undefined : connection.input,
    }).filter(([, set]) => set !== undefined && set !== null),
  ) as Schema;
  const change = (next: Schema, what: string): void => {
    const isWhole = lackOf(next.mapping) === "";
    setPending(isWhole ? undefined : next.mapping);
    const wanted = isWhole ? next.mapping : connection.mapping;
    const mapping = isSame(wanted, { mode: "direct" }) ? undefined : wanted;
    const part = { condition: next.condition, mapping, input: next.input } as Partial<ConnectionDocument>;
    useEditor
      .getState()
      .edit(
        `Change ${what.toLowerCase()} of a connection`,
        (now) => setConnection(now, id, part),
        `${id} ${what}`,
      );
    // Its input is one of the things that make it this connection and no other.
    const now = keyOf({ ...connection, ...part } as ConnectionDocument);
    if (now !== id) useEditor.getState().choose({ connections: new Set([now]) });
  };
  const isReadOnly = isLocked || isNarrow;
  return (
    <section
      ref={section}
      className="editor-panel node-panel"
      aria-label={`Connection from ${from} to ${to}`}
      data-folded={isFolded || undefined}
      onKeyDown={toCanvas}
    >
      {isNarrow ? null : <Divider />}
      <header className="node-panel-head">
        <span className="tile" data-type="FLOW">
          <Icon name="spline" />
        </span>
        <div className="node-panel-title">
          <h2 className="panel-name">
            {from} → {to}
          </h2>
          <p className="muted small">
            Connection{connection.port && connection.port !== "main" ? `, port ${connection.port}` : ""}
          </p>
        </div>
        <span className="row push">
          {isReadOnly ? null : (
            <button
              type="button"
              className="btn btn-ghost btn-sm"
              onClick={() => useEditor.getState().edit("Remove a connection", (now) => disconnect(now, [id]))}
            >
              <Icon name="trash-2" />
              Remove
            </button>
          )}
          {isNarrow ? null : (
            <button
              type="button"
              className="btn btn-ghost btn-icon btn-sm"
              aria-label={isFolded ? "Unfold the panel" : "Fold the panel"}
              aria-expanded={!isFolded}
              onClick={() => fold(!isFolded)}
            >
              <Icon name={isFolded ? "chevron-up" : "chevron-down"} />
            </button>
          )}
          <button
            type="button"
            className="btn btn-ghost btn-icon btn-sm"
            aria-label="Close"
            onClick={() => useEditor.getState().choose({})}
          >
            <Icon name="x" />
          </button>
        </span>
      </header>
      {isFolded ? null : (
        <div className="node-panel-body" data-columns={isNarrow ? 1 : "connection"}>
          {isNarrow ? null : (
            <section className="data-column" aria-label="What the first node gives">
              <header className="data-column-head">
                <h3>Output</h3>
                <span className="muted small truncate-line">of {from}</span>
              </header>
              <Values
                datum={given}
                value={given.value}
                root="$json"
                name="Output"
                empty={<p>Nothing has come out of “{from}” yet. Test the workflow to see what it gives.</p>}
              />
              <From datum={given} />
            </section>
          )}
          <div className="node-panel-form">
            <FormProvider
              value={{
                nodeId: connection.from,
                sees: "output",
                source: NO_SOURCE,
                findings: findings.filter((finding) => finding.path.startsWith(`connections[${at}]`)),
                isReadOnly,
              }}
            >
              {lack ? (
                <p className="form-unused form-general" role="status">
                  Not kept yet. {lack}
                </p>
              ) : null}
              <Members
                schema={CONNECTION}
                path=""
                value={value as { [key: string]: Json }}
                onChange={change}
                isTop
              />
            </FormProvider>
          </div>
        </div>
      )}
    </section>
  );
}
