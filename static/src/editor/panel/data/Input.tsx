import { useEffect, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import { useData } from "../../data/store.ts";
import { useEditor } from "../../store.ts";
import { From, Values } from "./Column.tsx";

/** What comes in to a node: from its last run, from what is pinned before it, or by example. */
export function Input({ nodeId }: { nodeId: string }) {
  const input = useData((state) => state.inputOf(nodeId));
  useData((state) => state.version);
  const trouble = useData((state) => state.problems[nodeId]);
  const nodes = useEditor((state) => state.definition.nodes);
  const [chosen, setPort] = useState("main");
  const ports = Object.keys(input.ports);
  const port = ports.includes(chosen) ? chosen : (ports[0] ?? "main");
  useEffect(() => void useData.getState().load(nodeId), [nodeId]);
  const names = input.from.map((id) => nodes.find((node) => node.id === id)?.name ?? id);
  const value = ports.length > 1 || (port !== "main" && ports.length > 0) ? input.ports[port] : input.value;
  const isConnected = useEditor((state) => state.definition.connections.some(({ to }) => to === nodeId));
  return (
    <section className="data-column" aria-label="Input">
      <header className="data-column-head">
        <h3>Input</h3>
        {names.length > 0 ? (
          <span className="muted small truncate-line">
            from {names.join(", ")}
            {input.port && input.port !== "main" ? `, port ${input.port}` : ""}
          </span>
        ) : null}
      </header>
      {ports.length > 1 ? (
        <div className="segmented data-ports">
          {ports.map((name) => (
            <button key={name} type="button" aria-pressed={name === port} onClick={() => setPort(name)}>
              {name}
            </button>
          ))}
        </div>
      ) : null}
      {input.problem || trouble ? (
        <p className="field-error data-problem">
          <Icon name="circle-alert" size={12} />
          <span>{input.problem || trouble}</span>
        </p>
      ) : null}
      <Values
        datum={input}
        value={value}
        root={port === "main" ? "$json" : `$input.${port}`}
        name="Input"
        empty={
          isConnected ? (
            <>
              <p>Nothing has come in yet.</p>
              <p className="muted">
                “Test to here” runs what leads here. Or pin the output of the node before; its fields then
                complete expressions.
              </p>
            </>
          ) : (
            <>
              <p>Nothing leads here.</p>
              <p className="muted">Connect a node before this one to see what it gives.</p>
            </>
          )
        }
      />
      <From datum={input} />
    </section>
  );
}
