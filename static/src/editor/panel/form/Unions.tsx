import { useId, useRef } from "react";
import type { Json } from "../../../canvas/types.ts";
import { useForm } from "./context.ts";
import { FieldView } from "./FieldView.tsx";
import { Help } from "./Help.tsx";
import { Members } from "./Members.tsx";
import type { InputProps } from "./Scalars.tsx";
import type { Control } from "./schema.ts";
import { asKind, emptyOf, objectOf, wayOf } from "./values.ts";

type Of<K extends Control["kind"]> = Extract<Control, { kind: K }>;

/** An object that is of one of several kinds: which one, then what that kind asks for. */
export function Kinds({
  control,
  field,
  id,
  described,
  value,
  onChange,
  path,
}: InputProps & { control: Of<"kinds">; path: string }) {
  const { isReadOnly } = useForm();
  const now = objectOf(value ?? field.default);
  const chosen = control.kinds.find((kind) => kind.value === now[control.tag]);
  // What other kinds held comes back when one returns to them.
  const left = useRef(new Map<string, Json>());
  const choose = (next: string): void => {
    if (next === "") {
      onChange(undefined);
      return;
    }
    if (chosen) left.current.set(chosen.value, now);
    const kind = control.kinds.find((each) => each.value === next);
    onChange(left.current.get(next) ?? asKind(now, control.tag, next, kind?.schema ?? {}));
  };
  return (
    <>
      <select
        className="select"
        id={id}
        aria-describedby={described}
        value={chosen?.value ?? ""}
        disabled={isReadOnly}
        onChange={(event) => choose(event.target.value)}
      >
        {chosen && !field.isNullable ? null : (
          <option value="">{field.isNullable ? "None" : "Choose…"}</option>
        )}
        {control.kinds.map((kind) => (
          <option key={kind.value} value={kind.value}>
            {kind.label}
          </option>
        ))}
      </select>
      {chosen?.help && Object.keys(objectOf(chosen.schema.properties)).length > 0 ? (
        <p className="help">
          <Help text={chosen.help} />
        </p>
      ) : null}
      {chosen ? (
        <Members
          key={chosen.value}
          schema={chosen.schema}
          path={path}
          value={now}
          also={control.tag}
          onChange={(next) => onChange(next)}
        />
      ) : null}
    </>
  );
}

/** A value that can be of several shapes which nothing but the value itself tells apart. */
export function Either({
  control,
  field,
  value,
  onChange,
  path,
}: InputProps & { control: Of<"either">; path: string }) {
  const { isReadOnly, source } = useForm();
  const name = useId();
  const at = wayOf(value ?? field.default, control.ways);
  const way = control.ways[at];
  return (
    <>
      <span className="segmented form-segmented" role="radiogroup" aria-label={`${field.label}: kind`}>
        {control.ways.map((each, index) => (
          <label key={each.label}>
            <input
              type="radio"
              name={name}
              checked={index === at}
              disabled={isReadOnly}
              onChange={() => onChange(emptyOf(each, source))}
            />
            {each.label}
          </label>
        ))}
      </span>
      {way ? (
        <FieldView
          key={at}
          field={way}
          path={path}
          value={value}
          isBare
          label={field.label}
          onChange={onChange}
        />
      ) : null}
    </>
  );
}
