import type { ReactNode } from "react";
import type { Json } from "../../../canvas/types.ts";
import { isSame } from "../../document/merge.ts";
import { ExpressionField } from "../../expression/ExpressionField.tsx";
import { Credential } from "../credential/Credential.tsx";
import { AnyValue, JsonField } from "./AnyValue.tsx";
import { CodeField } from "./CodeField.tsx";
import { useForm, useProblems, useRow } from "./context.ts";
import { defaultWords, FieldFrame, Problems, Reset } from "./FieldFrame.tsx";
import { Fillable } from "./Filling.tsx";
import { Help } from "./Help.tsx";
import { AddButton, Pairs, Rows, Tags } from "./Lists.tsx";
import { Members } from "./Members.tsx";
import { NodeParams } from "./NodeParams.tsx";
import { sentence } from "./problems.ts";
import { Scalar, Several } from "./Scalars.tsx";
import type { Control, Field } from "./schema.ts";
import { Either, Kinds } from "./Unions.tsx";
import { emptyOf, isMissing, objectOf } from "./values.ts";

export interface FieldViewProps {
  field: Field;
  /** Where the value stands, as findings name it: "params.cases[1].name". */
  path: string;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  isRequired?: boolean;
  /** Something around it says already what it is. */
  isBare?: boolean;
  /** Its name for those who hear it, where it has none of its own. */
  label?: string;
  /** Said above the field: why it is there although it does not count. */
  note?: ReactNode;
}

const WITH_PARTS: ReadonlySet<Control["kind"]> = new Set(["group", "kinds", "either", "rows", "pairs"]);
const NEVER_EXPRESSION: ReadonlySet<Control["kind"]> = new Set(["group", "kinds", "either", "credential"]);

/** One value, with whatever it is asked with; or what a model is told of it, where that fills it in. */
export function FieldView(props: FieldViewProps) {
  const { field, path, onChange, isBare = false } = props;
  if (isBare) return <Given {...props} />;
  return (
    <Fillable
      field={field}
      path={path}
      label={props.label ?? field.label}
      onClear={() => onChange(undefined)}
    >
      <Given {...props} />
    </Fillable>
  );
}

function Given(props: FieldViewProps) {
  const { field, path, value, onChange, isRequired = false, isBare = false } = props;
  const { control } = field;
  const problems = useProblems(path, value, !WITH_PARTS.has(control.kind));
  const { isCalm } = useForm();
  const isLacking = !isCalm && isRequired && field.default === undefined && isMissing(value);
  const canReset = !isRequired && !isBare && value !== undefined && !isSame(value, field.default);
  const onReset = canReset ? () => onChange(undefined) : null;
  if (field.schema["x-widget"] === "node_params" && typeof value !== "string")
    return (
      <>
        <NodeParams path={path} value={value} onChange={onChange} />
        <Problems problems={problems} />
      </>
    );
  if (field.takesExpressions && !NEVER_EXPRESSION.has(control.kind))
    return <Expression {...props} problems={problems} isLacking={isLacking} onReset={onReset} />;
  const isCode = control.kind === "text" && control.widget === "code";
  const isGroup = isCode || WITH_PARTS.has(control.kind) || ["json", "several"].includes(control.kind);
  if (isBare && WITH_PARTS.has(control.kind))
    return (
      <>
        <Parts {...props} ids={{ id: "", described: undefined }} />
        <Problems problems={problems} />
      </>
    );
  if (isBare)
    return (
      <>
        <Parts {...props} label={props.label ?? field.label} ids={{ id: "", described: undefined }} />
        <Problems problems={problems} />
      </>
    );
  return (
    <>
      {props.note}
      <FieldFrame
        label={props.label ?? field.label}
        help={field.help}
        problems={problems}
        isRequired={isRequired}
        isMissing={isLacking}
        onReset={onReset}
        defaultWords={defaultWords(field.default)}
        isGroup={isGroup && control.kind !== "kinds"}
      >
        {(ids) => <Parts {...props} ids={ids} />}
      </FieldFrame>
    </>
  );
}

/** What the value is asked with, without the words around it. */
function Parts(props: FieldViewProps & { ids: { id: string; described: string | undefined } }) {
  const { field, path, value, onChange, ids } = props;
  const { isReadOnly, source } = useForm();
  const { control } = field;
  const common = {
    field,
    value,
    onChange,
    id: ids.id || undefined,
    described: ids.described,
    label: ids.id ? undefined : props.label,
  };
  switch (control.kind) {
    case "text":
      return control.widget === "code" ? (
        <CodeField path={path} value={value} name={props.label ?? field.label} onChange={onChange} />
      ) : (
        <Scalar {...common} />
      );
    case "number":
    case "switch":
    case "choice":
      return <Scalar {...common} />;
    case "several":
      return <Several {...common} control={control} />;
    case "tags":
      return <Tags {...common} control={control} path={path} />;
    case "rows":
      return <Rows {...common} control={control} path={path} label={props.label ?? field.label} />;
    case "pairs":
      return <Pairs {...common} control={control} path={path} label={props.label ?? field.label} />;
    case "kinds":
      return <Kinds {...common} control={control} path={path} />;
    case "either":
      return <Either {...common} control={control} path={path} />;
    case "credential":
      return <Credential {...common} control={control} path={path} />;
    case "json":
      return control.shape === "any" ? (
        <AnyValue
          {...common}
          label={props.label ?? field.label}
          start={props.isRequired ? "text" : "nothing"}
        />
      ) : (
        <JsonField
          value={value}
          name={props.label ?? field.label}
          shape={control.shape}
          onChange={onChange}
        />
      );
    case "group": {
      if (field.isNullable && (value === undefined || value === null))
        return isReadOnly ? (
          <p className="muted small">Not set</p>
        ) : (
          <AddButton onClick={() => onChange(emptyOf(field, source))}>Set</AddButton>
        );
      return <Members schema={control.schema} path={path} value={objectOf(value)} onChange={onChange} />;
    }
  }
}

/** A value that may be an expression, with what it is asked with otherwise. */
function Expression({
  problems,
  isLacking,
  onReset,
  ...props
}: FieldViewProps & {
  problems: ReturnType<typeof useProblems>;
  isLacking: boolean;
  onReset: (() => void) | null;
}) {
  const { field, path, value, onChange, isRequired = false, isBare = false } = props;
  const { nodeId, isReadOnly, sees } = useForm();
  const isRow = useRow();
  const { control } = field;
  const label = props.label ?? field.label;
  const isText = control.kind === "text" && !["workflow", "model"].includes(control.widget);
  const error = problems.map(sentence).join(" ") || (isLacking ? "This is needed." : undefined);
  const hasFixed = !isText && !(field.isCondition && typeof value !== "boolean");
  const help =
    (field.help && !isBare && !isRow) || onReset ? (
      <>
        {isBare || isRow ? null : <Help text={field.help} />}
        <Reset onReset={onReset} label={label} words={defaultWords(field.default)} />
      </>
    ) : null;
  return (
    <>
      {props.note}
      <ExpressionField
        nodeId={nodeId}
        path={path}
        {...(sees ? { sees } : {})}
        label={label}
        value={value ?? undefined}
        multiline={isText && (control.isMultiline || isLong(field))}
        placeholder={field.isCondition ? "{{ $json.total > 1000 }}" : defaultWords(field.default)}
        isRequired={isRequired && !isRow}
        isExpressionFirst={field.isCondition && typeof value !== "boolean"}
        isReadOnly={isReadOnly}
        help={help}
        error={error}
        onChange={(next) => onChange(next === "" && !isBare ? undefined : next)}
        {...(hasFixed ? { fixed: <Fixed {...props} label={label} /> } : {})}
      />
    </>
  );
}

/** Texts without an end in sight get several lines. */
const isLong = ({ schema }: Field): boolean =>
  typeof schema.maxLength === "number" && schema.maxLength > 10_000;

function Fixed(props: FieldViewProps & { label: string }) {
  const { field, value, onChange } = props;
  const { control } = field;
  if (control.kind === "json" && control.shape === "any")
    return (
      <AnyValue
        field={field}
        value={value}
        onChange={onChange}
        label={props.label}
        start={props.isRequired || props.isBare ? "text" : "nothing"}
      />
    );
  return <Parts {...props} ids={{ id: "", described: undefined }} />;
}
