import { Icon } from "../../canvas/Icon.tsx";
import type { Json } from "../../canvas/types.ts";
import {
  type ConnectionChange,
  type Difference,
  type FieldChange,
  isSame,
  type Kind,
} from "../document/diff.ts";
import { useEditor } from "../store.ts";

const LOOKS: Record<Kind, { icon: string; word: string }> = {
  added: { icon: "plus", word: "Added" },
  removed: { icon: "minus", word: "Removed" },
  changed: { icon: "pencil", word: "Changed" },
  moved: { icon: "move", word: "Moved" },
};

/** What one definition has that the other has not, as a list. `onShow` leads to a node. */
export function Changes({
  difference,
  onShow,
}: {
  difference: Difference;
  onShow?: (nodeId: string) => void;
}) {
  const { nodes, connections, settings, annotations } = difference;
  const current = useEditor((state) => (state.looking ?? state.definition).nodes);
  if (isSame(difference)) return <p className="muted">Nothing is different.</p>;
  const moved = nodes.filter(({ kind }) => kind === "moved").length;
  const names = new Map([...current, ...nodes].map(({ id, name }) => [id, name]));
  for (const { before, after } of nodes)
    for (const node of [before, after]) if (node) names.set(node.id, node.name);
  return (
    <ul className="changes">
      {nodes
        .filter(({ kind }) => kind !== "moved")
        .map(({ id, name, kind, fields }) => (
          <li key={id} data-kind={kind}>
            <Mark kind={kind} />
            <div>
              {onShow ? (
                <button type="button" className="link" onClick={() => onShow(id)}>
                  {name}
                </button>
              ) : (
                <b>{name}</b>
              )}
              <Fields fields={fields} />
            </div>
          </li>
        ))}
      {connections.map((change) => (
        <li key={`${sentenceOf(change, names)} ${change.kind}`} data-kind={change.kind}>
          <Mark kind={change.kind} />
          <div>
            <span>{sentenceOf(change, names)}</span>
            <Fields fields={change.fields} />
          </div>
        </li>
      ))}
      {settings.length > 0 ? (
        <li data-kind="changed">
          <Mark kind="changed" />
          <div>
            <b>Settings</b>
            <Fields fields={settings} />
          </div>
        </li>
      ) : null}
      {annotations > 0 ? (
        <li data-kind="changed">
          <Mark kind="changed" />
          <div>
            {annotations} {annotations === 1 ? "note" : "notes"}
          </div>
        </li>
      ) : null}
      {moved > 0 ? (
        <li data-kind="moved">
          <Mark kind="moved" />
          <div className="muted">
            {moved} {moved === 1 ? "node stands" : "nodes stand"} elsewhere
          </div>
        </li>
      ) : null}
    </ul>
  );
}

function Mark({ kind }: { kind: Kind }) {
  const { icon, word } = LOOKS[kind];
  return (
    <span className="change-mark" title={word}>
      <Icon name={icon} size={14} />
      <span className="visually-hidden">{word}: </span>
    </span>
  );
}

function sentenceOf({ connection }: ConnectionChange, names: ReadonlyMap<string, string>): string {
  const port = connection.port && connection.port !== "main" ? ` by “${connection.port}”` : "";
  const name = (id: string): string => names.get(id) ?? id;
  return `${name(connection.from)}${port} → ${name(connection.to)}`;
}

const LONGEST = 160;

function Fields({ fields }: { fields: readonly FieldChange[] }) {
  if (fields.length === 0) return null;
  return (
    <dl className="change-fields">
      {fields.map(({ path, before, after }) => (
        <div key={path.join(".")}>
          <dt>{labelOf(path)}</dt>
          <dd>
            {before === undefined ? null : <del>{textOf(before)}</del>}
            {after === undefined ? null : <ins>{textOf(after)}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** "params, fields, 0, value" → "fields 1 value". */
function labelOf(path: readonly string[]): string {
  const words = path[0] === "params" && path.length > 1 ? path.slice(1) : path;
  return words
    .map((word) => (/^\d+$/.test(word) ? String(Number(word) + 1) : word.replaceAll("_", " ")))
    .join(" ");
}

function textOf(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const said = text === "" ? "empty" : text;
  return said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said;
}
