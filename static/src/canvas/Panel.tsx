import { type ReactNode, useState } from "react";
import { duration } from "../app/words.ts";
import { mapped, says } from "./carrying.ts";
import { Tabs } from "./Detail.tsx";
import { TestHere } from "./Here.tsx";
import { Icon, Tile } from "./Icon.tsx";
import { JsonTree } from "./JsonTree.tsx";
import { paragraphs } from "./prose.ts";
import { type CardModel, useCanvas } from "./store.ts";
import { isObject } from "./summarize.ts";
import type { ConnectionDocument, Json } from "./types.ts";

/** A node of a workflow that is not running: its parameters, what it returns, what its type does. */
export function Panel() {
  const card = useCanvas((state) => (state.selected === null ? undefined : state.cards[state.selected]));
  return card ? <NodePanel key={card.node.id} card={card} /> : null;
}

type TabName = "Parameters" | "Comes in" | "Errors" | "Notes";

function NodePanel({ card }: { card: CardModel }) {
  const { node, entry, typeName } = card;
  const select = useCanvas((state) => state.select);
  const connections = useCanvas((state) => state.data.definition.connections);
  const comesIn = connections.filter((each) => each.to === node.id && says(each));
  const tabs: TabName[] = [
    "Parameters",
    ...(comesIn.length > 0 ? (["Comes in"] as const) : []),
    "Errors",
    ...(node.notes ? (["Notes"] as const) : []),
  ];
  const [tab, setTab] = useState<TabName>("Parameters");
  return (
    <section className="panel" aria-label={node.name}>
      <header className="panel-head">
        <Tile type={node.type} icon={entry?.icon ?? "box"} />
        <div>
          <h2>{node.name}</h2>
          <p className="muted small">{typeName}</p>
        </div>
        <Tabs tabs={tabs} current={tab} onChoose={setTab} />
        <span className="row push">
          <TestHere id={node.id} />
          <button
            type="button"
            className="btn btn-ghost btn-icon btn-sm"
            aria-label="Close"
            onClick={() => select(null)}
          >
            <Icon name="x" />
          </button>
        </span>
      </header>
      <div className="panel-body">
        <div className="panel-main" role="tabpanel" aria-label={tab}>
          {tab === "Parameters" ? <Parameters card={card} /> : null}
          {tab === "Comes in" ? <ComesIn connections={comesIn} /> : null}
          {tab === "Errors" ? <Errors card={card} /> : null}
          {tab === "Notes" ? <p className="panel-notes">{node.notes}</p> : null}
        </div>
        <aside className="panel-side">
          <h3 className="label">About this step</h3>
          <Prose text={entry?.summary ?? "This type of node is not known here."} />
          <Prose text={entry?.description ?? ""} className="soft panel-text" />
          <Returns schema={entry?.output_schema} ports={card.ports} />
        </aside>
      </div>
    </section>
  );
}

function Prose({ text, className }: { text: string; className?: string }) {
  return paragraphs(text).map((paragraph, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change while it is shown
    <p key={at} className={className}>
      {paragraph.map((piece, place) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        piece.isCode ? <code key={place}>{piece.text}</code> : piece.text,
      )}
    </p>
  ));
}

function Parameters({ card }: { card: CardModel }) {
  const properties = propertiesOf(card.entry?.params_schema);
  const given = card.node.params ?? {};
  const names = [...Object.keys(properties), ...Object.keys(given).filter((name) => !(name in properties))];
  if (names.length === 0) return <p className="pane-empty">This step has no parameters.</p>;
  return (
    <dl className="params">
      {names.map((name) => {
        const schema = properties[name];
        const isSet = name in given;
        const value = isSet ? given[name] : schema?.default;
        return (
          <div key={name} className="param" data-unset={isSet ? undefined : true}>
            <dt>
              {label(name, schema)}
              {isSet ? null : (
                <span>{value === undefined || value === null || value === "" ? "not set" : "default"}</span>
              )}
            </dt>
            <dd>
              {value === undefined || value === null || value === "" ? (
                <span className="muted">–</span>
              ) : (
                <Value value={value} name={name} />
              )}
            </dd>
            {typeof schema?.description === "string" ? (
              <dd className="help">
                <Prose text={schema.description} />
              </dd>
            ) : null}
          </div>
        );
      })}
    </dl>
  );
}

function Value({ value, name }: { value: Json; name: string }) {
  if (typeof value === "string")
    return (
      <div className="param-value">
        <Expressions text={value} />
      </div>
    );
  if (typeof value === "boolean") return <div className="param-value">{value ? "Yes" : "No"}</div>;
  if (typeof value === "number")
    return (
      <div className="param-value">{/(^|_)seconds$/.test(name) ? duration(value * 1000) : String(value)}</div>
    );
  const rows = Array.isArray(value) ? value : null;
  if (
    rows?.every(
      (row) =>
        isObject(row) &&
        Object.keys(row).length === 2 &&
        Object.values(row).every((part) => !isObject(part) && !Array.isArray(part)),
    )
  )
    return (
      <div className="param-value param-pairs">
        {rows.map((row, index) => {
          const [first, second] = Object.values(row as Record<string, Json>);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: stored rows have no other identity.
            <div key={index}>
              <b>{String(first)}</b>
              <span>
                <Expressions text={String(second)} />
              </span>
            </div>
          );
        })}
      </div>
    );
  return (
    <div className="param-value">
      <JsonTree value={value} root={name} />
    </div>
  );
}

/** Text with its expressions set apart. */
function Expressions({ text }: { text: string }): ReactNode {
  const parts = text.split(/(\{\{[\s\S]*?\}\})/);
  return parts.map((part, index) =>
    part.startsWith("{{") ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one fixed text.
      <code key={index} className="expr">
        {part}
      </code>
    ) : (
      part
    ),
  );
}

/** When the connections to a step lead on, and what they make of what they carry. */
function ComesIn({ connections }: { connections: readonly ConnectionDocument[] }) {
  const cards = useCanvas((state) => state.cards);
  return connections.map((connection, at) => {
    const made = mapped(connection);
    const port = connection.port && connection.port !== "main" ? `, by “${connection.port}”` : "";
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a workflow does not change while it is shown
      <dl key={at} className="params">
        <div className="param">
          <dt>
            From {cards[connection.from]?.node.name ?? connection.from}
            {port}
          </dt>
          {connection.condition ? (
            <dd>
              Only if{" "}
              <span className="param-value">
                <Expressions text={connection.condition} />
              </span>
            </dd>
          ) : null}
          {made && made.rows.length > 0 ? (
            <dd>
              <div className="param-value param-pairs">
                {made.rows.map((row) => (
                  <div key={row.to}>
                    <b>{row.to}</b>
                    <span>
                      <Expressions text={[row.from, ...row.notes].join(" · ")} />
                    </span>
                  </div>
                ))}
              </div>
            </dd>
          ) : null}
          {made?.value !== undefined ? (
            <dd>
              <Value value={made.value} name="value" />
            </dd>
          ) : null}
        </div>
      </dl>
    );
  });
}

function Errors({ card }: { card: CardModel }) {
  const { node } = card;
  const retry = isObject(node.retry ?? undefined) ? (node.retry as Record<string, Json>) : {};
  const words: Record<string, string> = {
    stop: "The run fails",
    fail: "The run fails",
    continue: "The run goes on",
    route: "The run leaves by the port “error”",
  };
  return (
    <dl className="params">
      <div className="param">
        <dt>When it fails</dt>
        <dd>{words[node.on_error ?? "stop"] ?? node.on_error}</dd>
      </div>
      <div className="param">
        <dt>Tries</dt>
        <dd>{retry.attempts === undefined ? "As its type does" : String(retry.attempts)}</dd>
      </div>
      <div className="param">
        <dt>Time limit</dt>
        <dd>{node.timeout_seconds ? duration(node.timeout_seconds * 1000) : "As its type does"}</dd>
      </div>
    </dl>
  );
}

function Returns({ schema, ports }: { schema: Json | undefined; ports: readonly string[] }) {
  const properties = propertiesOf(schema);
  const names = Object.keys(properties);
  return (
    <>
      {ports.length > 1 ? (
        <>
          <h3 className="label">Outcomes</h3>
          <p className="row">
            {ports.map((port) => (
              <span key={port} className="tag">
                {port}
              </span>
            ))}
          </p>
        </>
      ) : null}
      {names.length > 0 ? (
        <>
          <h3 className="label">Gives back</h3>
          <div className="tree">
            {names.map((name) => (
              <div key={name} className="tree-row" title={text(properties[name]?.description)}>
                <span className="tree-key">{name}: </span>
                <span className="muted">{typeOf(properties[name])}</span>
              </div>
            ))}
          </div>
        </>
      ) : null}
    </>
  );
}

type Schema = { [key: string]: Json };

function propertiesOf(schema: Json | undefined): Record<string, Schema> {
  if (!isObject(schema) || !isObject(schema.properties)) return {};
  return Object.fromEntries(
    Object.entries(schema.properties).filter(([, value]) => isObject(value)),
  ) as Record<string, Schema>;
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

function typeOf(schema: Schema | undefined): string {
  if (!schema) return "anything";
  if (typeof schema.type === "string") return schema.type;
  if (Array.isArray(schema.anyOf))
    return schema.anyOf.map((part) => typeOf(isObject(part) ? part : undefined)).join(" or ");
  return "anything";
}

function label(name: string, schema: Schema | undefined): string {
  const words = (text(schema?.title) || name).replaceAll("_", " ").toLowerCase();
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return sentence.replace(/\b(url|api|http|id|json)\b/gi, (word) => word.toUpperCase());
}
