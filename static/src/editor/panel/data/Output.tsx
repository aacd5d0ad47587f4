import { lazy, Suspense, useEffect, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json, NodeDocument, NodeTypeEntry } from "../../../canvas/types.ts";
import { isPinned, useData } from "../../data/store.ts";
import { setNode } from "../../document/edits.ts";
import { useEditor } from "../../store.ts";
import { From, Values } from "./Column.tsx";

const JsonEditor = lazy(() => import("../json/JsonEditor.tsx"));

/** What a node gives back: from its last run, pinned, or by example. It can be pinned, and written by hand. */
export function Output({
  node,
  entry,
  isReadOnly,
}: {
  node: NodeDocument;
  entry: NodeTypeEntry | undefined;
  isReadOnly: boolean;
}) {
  const output = useData((state) => state.outputOf(node.id));
  useData((state) => state.version);
  const ports = useEditor((state) => state.nodePorts[node.id]) ?? entry?.ports ?? ["main"];
  const taken = output.port ?? (output.source === null ? null : (ports[0] ?? "main"));
  const [chosen, setPort] = useState<string | null>(null);
  const [isEditing, setEditing] = useState(false);
  const pinned = isPinned(node);
  // A run that left by another port is worth looking at where it left.
  useEffect(() => setPort((now) => (now === null || taken === null ? now : taken)), [taken]);
  const port = chosen !== null && ports.includes(chosen) ? chosen : (taken ?? ports[0] ?? "main");
  const isHere = taken === null || port === taken || output.port === null;
  const pin = (value: Json | undefined): void => {
    const verb = value === undefined ? "Unpin" : "Pin";
    useEditor
      .getState()
      .edit(`${verb} the output of “${node.name}”`, (now) =>
        setNode(now, node.id, { pinned_output: value } as Partial<NodeDocument>),
      );
  };
  return (
    <section className="data-column data-output" aria-label="Output">
      <header className="data-column-head">
        <h3>Output</h3>
        {ports.length > 1 ? (
          <div className="segmented data-ports">
            {ports.map((name) => (
              <button key={name} type="button" aria-pressed={name === port} onClick={() => setPort(name)}>
                {name}
                {name === output.port && output.source === "run" ? (
                  <span className="data-taken" title="The last run left here" />
                ) : null}
              </button>
            ))}
          </div>
        ) : null}
      </header>
      {isEditing ? (
        <Edit
          value={output.value}
          onCancel={() => setEditing(false)}
          onKeep={(value) => {
            pin(value);
            setEditing(false);
          }}
        />
      ) : (
        <>
          <Values
            datum={output}
            value={isHere ? output.value : undefined}
            root={`$node[${JSON.stringify(node.name)}]`}
            name="Output"
            empty={<Empty port={port} ports={ports} taken={taken} entry={entry} />}
          />
          <From datum={output}>
            {isReadOnly ? null : (
              <>
                {pinned ? (
                  <button type="button" className="btn btn-ghost btn-sm" onClick={() => pin(undefined)}>
                    <Icon name="pin-off" />
                    Unpin
                  </button>
                ) : output.value !== undefined ? (
                  <button type="button" className="btn btn-ghost btn-sm" onClick={() => pin(output.value)}>
                    <Icon name="pin" />
                    Pin
                  </button>
                ) : null}
                <button type="button" className="btn btn-ghost btn-sm" onClick={() => setEditing(true)}>
                  <Icon name="pencil" />
                  {output.value === undefined ? "Write one" : "Edit"}
                </button>
              </>
            )}
          </From>
        </>
      )}
    </section>
  );
}

function Empty({
  port,
  ports,
  taken,
  entry,
}: {
  port: string;
  ports: readonly string[];
  taken: string | null;
  entry: NodeTypeEntry | undefined;
}) {
  if (taken !== null && ports.length > 1)
    return (
      <>
        <p>Nothing left by “{port}”.</p>
        <p className="muted">What is known left by “{taken}”.</p>
      </>
    );
  return (
    <>
      <p>Nothing has come out yet.</p>
      <p className="muted">
        {entry?.is_trigger
          ? "Test the workflow to see what it starts with, or write an output by hand."
          : "“Test node” runs it. Or write an output by hand: test runs then take that."}
      </p>
    </>
  );
}

/** Writing an output by hand. Kept, it is pinned. */
function Edit({
  value,
  onKeep,
  onCancel,
}: {
  value: Json | undefined;
  onKeep: (value: Json) => void;
  onCancel: () => void;
}) {
  const [written, setWritten] = useState<Json | undefined>(value);
  return (
    <div className="data-edit">
      <Suspense fallback={<div className="json-editor" aria-busy="true" />}>
        <JsonEditor value={written} label="Output" shape="any" isReadOnly={false} onChange={setWritten} />
      </Suspense>
      <div className="row">
        <button type="button" className="btn btn-sm btn-primary" onClick={() => onKeep(written ?? null)}>
          <Icon name="pin" />
          Pin this
        </button>
        <button type="button" className="btn btn-sm" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </div>
  );
}
