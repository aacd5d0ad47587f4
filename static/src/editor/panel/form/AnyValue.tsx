import { lazy, Suspense, useState } from "react";
import type { Json } from "../../../canvas/types.ts";
import { useForm } from "./context.ts";
import { type InputProps, Scalar } from "./Scalars.tsx";
import { asPlain, type Plain, plainOf } from "./values.ts";

const JsonEditor = lazy(() => import("../json/JsonEditor.tsx"));

const KINDS: readonly [Plain, string][] = [
  ["text", "Text"],
  ["number", "Number"],
  ["yes", "Yes or no"],
  ["json", "JSON"],
  ["nothing", "Nothing"],
];

/** A value of any kind: which kind, then the value. `start`: what is offered while there is none. */
export function AnyValue(props: InputProps & { start: Plain }) {
  const { isReadOnly } = useForm();
  const { value, onChange, label } = props;
  const [offered, setOffered] = useState<Plain>(props.start);
  const kind = value === undefined ? offered : plainOf(value);
  const name = label ?? props.field.label;
  return (
    <div className="form-any" data-kind={kind}>
      <select
        className="select"
        aria-label={`${name}: kind`}
        value={kind}
        disabled={isReadOnly}
        onChange={(event) => {
          const next = event.target.value as Plain;
          setOffered(next);
          onChange(asPlain(value, next));
        }}
      >
        {KINDS.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
      <PlainValue {...props} kind={kind} name={name} />
    </div>
  );
}

function PlainValue(props: InputProps & { kind: Plain; name: string }) {
  const { kind, value, onChange, name, field } = props;
  const plain = { ...props, label: name, id: props.id };
  const of = (control: InputProps["field"]["control"]): InputProps["field"] => ({
    ...field,
    control,
    default: undefined,
    isNullable: false,
  });
  if (kind === "nothing") return null;
  if (kind === "text")
    return (
      <Scalar
        {...plain}
        field={of({ kind: "text", isMultiline: true, isSecret: false, widget: "lines" })}
        onChange={(next) => onChange(next ?? "")}
      />
    );
  if (kind === "number")
    return (
      <Scalar
        {...plain}
        field={of({ kind: "number", isWhole: false, unit: "" })}
        onChange={(next) => onChange(next ?? 0)}
      />
    );
  if (kind === "yes") return <Scalar {...plain} field={of({ kind: "switch" })} />;
  return <JsonField value={value} name={name} shape="any" onChange={onChange} />;
}

/** JSON as text. `shape` says what it must be. */
export function JsonField({
  value,
  name,
  shape,
  onChange,
}: {
  value: Json | undefined;
  name: string;
  shape: "any" | "object" | "list";
  onChange: (value: Json | undefined) => void;
}) {
  const { isReadOnly } = useForm();
  return (
    <Suspense fallback={<div className="json-editor" aria-busy="true" />}>
      <JsonEditor value={value} label={name} shape={shape} isReadOnly={isReadOnly} onChange={onChange} />
    </Suspense>
  );
}
