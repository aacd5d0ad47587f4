import { type ReactNode, useEffect, useRef, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { isSame } from "../../document/merge.ts";
import { whenDrawn } from "../focus.ts";
import { RowProvider, useForm } from "./context.ts";
import { FieldView } from "./FieldView.tsx";
import { join } from "./problems.ts";
import type { InputProps } from "./Scalars.tsx";
import type { Control } from "./schema.ts";
import { emptyOf, listOf, moved, objectOf, withItem, withoutItem } from "./values.ts";
import { useWorkflows } from "./WorkflowSelect.tsx";

type Of<K extends Control["kind"]> = Extract<Control, { kind: K }>;
type Props<K extends Control["kind"]> = InputProps & { control: Of<K>; path: string };

/** Short texts or numbers in a row: typed, and taken away one by one. */
export function Tags({ control, field, id, described, value, onChange }: Props<"tags">) {
  const { isReadOnly } = useForm();
  const [typed, setTyped] = useState("");
  const items = listOf(value);
  const isWorkflow = control.item.control.kind === "text" && control.item.control.widget === "workflow";
  const known = useWorkflows();
  const set = (next: Json[]): void => onChange(next.length === 0 ? undefined : next);
  const add = (words: string): void => {
    const found = words
      .split(/[,\n]/)
      .map((word) => word.trim())
      .filter(Boolean)
      .map((word): Json => {
        const isNumber = control.item.control.kind === "number" && Number.isFinite(Number(word));
        return isNumber ? Number(word) : word;
      })
      .filter((item) => !items.includes(item));
    if (found.length > 0) set([...items, ...found]);
    setTyped("");
  };
  const named = (item: Json): string => known?.find((row) => row.id === item)?.name ?? String(item);
  const isFull = control.most !== undefined && items.length >= control.most;
  return (
    <div className="form-tags">
      {items.map((item, at) => (
        <span key={String(item)} className="form-tag">
          {isWorkflow ? named(item) : String(item)}
          {isReadOnly ? null : (
            <button
              type="button"
              aria-label={`Remove ${named(item)}`}
              onClick={() => set(withoutItem(items, at))}
            >
              <Icon name="x" size={12} />
            </button>
          )}
        </span>
      ))}
      {isReadOnly || isFull ? null : isWorkflow ? (
        <select
          id={id}
          aria-describedby={described}
          value=""
          onChange={(event) => event.target.value && set([...items, event.target.value])}
        >
          <option value="">Add a workflow</option>
          {known
            ?.filter((row) => !items.includes(row.id))
            .map((row) => (
              <option key={row.id} value={row.id}>
                {row.name}
              </option>
            ))}
        </select>
      ) : (
        <input
          id={id}
          aria-describedby={described}
          value={typed}
          placeholder={items.length === 0 ? placeholderOf(field.default) : "Add"}
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => add(typed)}
          onPaste={(event) => {
            const words = event.clipboardData.getData("text");
            if (!/[,\n]/.test(words)) return;
            event.preventDefault();
            add(words);
          }}
          onKeyDown={(event) => {
            if ((event.key === "Enter" || event.key === ",") && typed.trim()) {
              event.preventDefault();
              add(typed);
            } else if (event.key === "Backspace" && typed === "" && items.length > 0)
              set(withoutItem(items, items.length - 1));
          }}
        />
      )}
    </div>
  );
}

const placeholderOf = (value: Json | undefined): string =>
  Array.isArray(value) && value.length > 0 ? value.join(", ") : "Type, then Enter";

let lastKey = 0;
const newKey = (): number => ++lastKey;

/** Keys of rows that stay with them when they move. */
function useKeys(count: number): { keys: number[]; set: (keys: number[]) => void } {
  const kept = useRef<number[]>([]);
  // Rows that came or went elsewhere (undone, or by others) did so at the end, for all that can be told.
  while (kept.current.length < count) kept.current.push(newKey());
  kept.current.length = count;
  return {
    keys: kept.current,
    set: (keys) => {
      kept.current = keys;
    },
  };
}

/** Things with several fields each, one below the other; they can be moved. */
export function Rows({ control, field, label, value, onChange, path }: Props<"rows">) {
  const { isReadOnly, source } = useForm();
  const items = listOf(value);
  const { keys, set: setKeys } = useKeys(items.length);
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const thing = singular(label ?? field.label).toLowerCase();
  const change = (next: Json[]): void =>
    onChange(next.length === 0 && control.least === 0 ? undefined : next);
  const focusRow = (at: number): void => {
    whenDrawn(() => (list.current?.children[at] as HTMLElement | undefined) ?? null);
  };
  const add = (): void => {
    change([...items, emptyOf(control.item, source)]);
    focusRow(items.length);
  };
  const remove = (at: number): void => {
    setKeys(withoutItem(keys, at) as number[]);
    change(withoutItem(items, at));
  };
  const move = (from: number, to: number): void => {
    if (to < 0 || to >= items.length || from === to) return;
    setKeys(moved(keys, from, to));
    change(moved(items, from, to));
    // The same button, which went with its row.
    requestAnimationFrame(() =>
      list.current?.children[to]?.querySelector<HTMLElement>(".form-row-grip")?.focus(),
    );
  };
  const isFull = control.most !== undefined && items.length >= control.most;
  return (
    <>
      {items.length > 0 ? (
        <ol className="form-rows" ref={list}>
          {items.map((item, at) => (
            <li
              key={keys[at]}
              className="form-row"
              data-path={`${path}[${at}]`}
              data-over={over === at && dragged !== null && dragged !== at ? "" : undefined}
              onDragOver={(event) => {
                if (dragged === null) return;
                event.preventDefault();
                setOver(at);
              }}
              onDrop={(event) => {
                if (dragged === null) return;
                event.preventDefault();
                move(dragged, at);
                setDragged(null);
                setOver(null);
              }}
            >
              {isReadOnly ? null : (
                <button
                  type="button"
                  className="form-row-grip"
                  draggable
                  aria-label={`Move ${thing} ${at + 1} of ${items.length}: arrow keys`}
                  title="Drag, or arrow keys"
                  onDragStart={(event) => {
                    event.dataTransfer.effectAllowed = "move";
                    setDragged(at);
                  }}
                  onDragEnd={() => {
                    setDragged(null);
                    setOver(null);
                  }}
                  onKeyDown={(event) => {
                    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
                    if (step === 0) return;
                    event.preventDefault();
                    move(at, at + step);
                  }}
                >
                  <Icon name="grip-vertical" size={14} />
                </button>
              )}
              <div className="form-row-body">
                <RowProvider value={true}>
                  <FieldView
                    field={control.item}
                    path={`${path}[${at}]`}
                    value={item}
                    isBare
                    label={`${thing} ${at + 1}`}
                    onChange={(next) => change(withItem(items, at, next ?? ""))}
                  />
                </RowProvider>
              </div>
              {isReadOnly ? null : (
                <button
                  type="button"
                  className="form-icon"
                  aria-label={`Remove ${thing} ${at + 1}`}
                  title="Remove"
                  onClick={() => remove(at)}
                >
                  <Icon name="trash-2" size={14} />
                </button>
              )}
            </li>
          ))}
        </ol>
      ) : null}
      {isReadOnly ? null : (
        <AddButton isDisabled={isFull} onClick={add}>
          Add {thing}
        </AddButton>
      )}
    </>
  );
}

const singular = (words: string): string =>
  /ies$/i.test(words) ? words.replace(/ies$/i, "y") : /[^s]s$/i.test(words) ? words.slice(0, -1) : "row";

export function AddButton({
  isDisabled = false,
  onClick,
  children,
}: {
  isDisabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button type="button" className="form-add" disabled={isDisabled} onClick={onClick}>
      <Icon name="plus" size={14} />
      <span>{children}</span>
    </button>
  );
}

interface Pair {
  key: number;
  name: string;
  value: Json;
}

const pairsOf = (value: Json | undefined): Pair[] =>
  Object.entries(objectOf(value)).map(([name, inner]) => ({ key: newKey(), name, value: inner }));

const documentOf = (pairs: readonly Pair[]): { [name: string]: Json } =>
  Object.fromEntries(pairs.filter(({ name }) => name !== "").map(({ name, value }) => [name, value]));

/** Names with values. A name that is empty or there twice is not kept, and says so. */
export function Pairs({ control, field, label, value, onChange, path }: Props<"pairs">) {
  const { isReadOnly } = useForm();
  const [pairs, setPairs] = useState(() => pairsOf(value));
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    setPairs((now) => (isSame(documentOf(now), objectOf(value)) ? now : pairsOf(value)));
  }, [value]);
  const thing = singular(label ?? field.label).toLowerCase();
  const change = (next: Pair[]): void => {
    setPairs(next);
    const made = documentOf(next);
    if (isSame(made, objectOf(value))) return;
    onChange(Object.keys(made).length === 0 ? undefined : made);
  };
  const put = (at: number, part: Partial<Pair>): void =>
    change(pairs.map((pair, index) => (index === at ? { ...pair, ...part } : pair)));
  const add = (): void => {
    setPairs([...pairs, { key: newKey(), name: "", value: "" }]);
    whenDrawn(() => (list.current?.children[pairs.length] as HTMLElement | undefined) ?? null);
  };
  return (
    <>
      {pairs.length > 0 ? (
        <ul className="form-pairs" ref={list}>
          {pairs.map((pair, at) => {
            const isTwice = pairs.some(
              (other, index) => index !== at && other.name === pair.name && pair.name,
            );
            const name = pair.name || `${thing} ${at + 1}`;
            return (
              <li key={pair.key} className="form-pair">
                <div className="form-pair-name">
                  <input
                    className="input"
                    value={pair.name}
                    placeholder="Name"
                    aria-label={`Name of ${thing} ${at + 1}`}
                    aria-invalid={isTwice ? true : undefined}
                    readOnly={isReadOnly}
                    spellCheck={false}
                    onChange={(event) => put(at, { name: event.target.value })}
                  />
                  {isTwice ? <p className="field-error">There twice; the last one counts.</p> : null}
                  {pair.name === "" && pair.value !== "" ? (
                    <p className="field-error">Kept once it has a name.</p>
                  ) : null}
                </div>
                <div className="form-pair-value">
                  <FieldView
                    field={control.value}
                    path={join(path, pair.name)}
                    value={pair.value}
                    isBare
                    label={`Value of ${name}`}
                    onChange={(next) => put(at, { value: next ?? "" })}
                  />
                </div>
                {isReadOnly ? null : (
                  <button
                    type="button"
                    className="form-icon"
                    aria-label={`Remove ${name}`}
                    title="Remove"
                    onClick={() => change(pairs.filter((_, index) => index !== at))}
                  >
                    <Icon name="trash-2" size={14} />
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      ) : null}
      {isReadOnly ? null : <AddButton onClick={add}>Add {thing}</AddButton>}
    </>
  );
}
