import { useEffect, useId, useState } from "react";
import { duration } from "../../../app/words.ts";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { useForm } from "./context.ts";
import { defaultWords } from "./FieldFrame.tsx";
import { ModelInput } from "./ModelInput.tsx";
import { NodeSelect } from "./NodeSelect.tsx";
import type { Control, Field, Option } from "./schema.ts";
import { WorkflowSelect } from "./WorkflowSelect.tsx";

export interface InputProps {
  /** Of what takes the focus, named by a label elsewhere. */
  id?: string | undefined;
  /** Its name where no label points at it. */
  label?: string | undefined;
  described?: string | undefined;
  field: Field;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

type Of<K extends Control["kind"]> = Extract<Control, { kind: K }>;

const named = ({ id, label, described }: InputProps): Record<string, string> => ({
  ...(id ? { id } : {}),
  ...(label ? { "aria-label": label } : {}),
  ...(described ? { "aria-describedby": described } : {}),
});

/** What is asked with for a single value. */
export function Scalar(props: InputProps) {
  const { control } = props.field;
  if (control.kind === "number") return <NumberInput {...props} control={control} />;
  if (control.kind === "switch") return <Switch {...props} />;
  if (control.kind === "choice") return <Choice {...props} control={control} />;
  if (control.kind === "text") return <TextInput {...props} control={control} />;
  return null;
}

function TextInput(props: InputProps & { control: Of<"text"> }) {
  const { control, field, value, onChange } = props;
  const { isReadOnly } = useForm();
  const zones = useId();
  const [isShown, setShown] = useState(false);
  if (control.widget === "workflow") return <WorkflowSelect {...props} />;
  if (control.widget === "model") return <ModelInput {...props} />;
  if (control.widget === "node") return <NodeSelect {...props} />;
  const common = {
    ...named(props),
    value: typeof value === "string" ? value : value === undefined || value === null ? "" : String(value),
    placeholder: defaultWords(field.default),
    readOnly: isReadOnly,
    spellCheck: false,
    // What is emptied is no longer set. Where it must be something all the same, those around say what.
    onChange: (event: { target: { value: string } }) => onChange(event.target.value || undefined),
  };
  if (control.isSecret)
    return (
      <div className="form-secret">
        <input
          className="input"
          type={isShown ? "text" : "password"}
          autoComplete="off"
          data-1p-ignore
          {...common}
        />
        <button
          type="button"
          className="btn btn-icon"
          aria-label={isShown ? "Hide" : "Show"}
          aria-pressed={isShown}
          onClick={() => setShown(!isShown)}
        >
          <Icon name={isShown ? "eye-off" : "eye"} />
        </button>
      </div>
    );
  if (control.isMultiline) return <textarea className="textarea" rows={2} {...common} />;
  if (control.widget === "timezone")
    return (
      <>
        <input className="input" list={zones} {...common} />
        <datalist id={zones}>
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </>
    );
  return <input className="input" {...common} />;
}

function NumberInput(props: InputProps & { control: Of<"number"> }) {
  const { control, field, value, onChange } = props;
  const { isReadOnly, isStrict = false } = useForm();
  const fault = useId();
  const [typed, setTyped] = useState(value === undefined || value === null ? "" : String(value));
  const wrong = faultOf(typed, control);
  // What changed elsewhere (undone, or by others) is shown; what is being typed stays as it is typed.
  useEffect(() => {
    setTyped((now) =>
      now.trim() !== "" && Number(now) === value
        ? now
        : value === undefined || value === null
          ? ""
          : String(value),
    );
  }, [value]);
  const shown = typeof value === "number" ? value : typeof field.default === "number" ? field.default : null;
  return (
    <div className="form-number">
      <input
        className="input"
        type="text"
        inputMode={control.isWhole ? "numeric" : "decimal"}
        {...named(props)}
        value={typed}
        readOnly={isReadOnly}
        placeholder={defaultWords(field.default)}
        aria-invalid={wrong ? true : undefined}
        aria-errormessage={wrong ? fault : undefined}
        onChange={(event) => {
          const next = event.target.value;
          setTyped(next);
          if (next.trim() === "") onChange(undefined);
          else if (Number.isFinite(Number(next)) && !(isStrict && faultOf(next, control)))
            onChange(Number(next));
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
          if (step === 0 || isReadOnly) return;
          event.preventDefault();
          const next = (shown ?? 0) + step * (event.shiftKey ? 10 : 1);
          onChange(
            Math.min(
              Math.max(next, control.least ?? (control.above === undefined ? next : control.above + 1)),
              control.most ?? next,
            ),
          );
        }}
      />
      {control.unit ? <span className="form-unit">{unitOf(control.unit, shown)}</span> : null}
      {wrong ? (
        <span className="field-error form-number-fault" id={fault} role="status">
          {wrong}
        </span>
      ) : null}
    </div>
  );
}

/** Why what is typed is not kept, or will be found wrong; "": it is good. */
function faultOf(typed: string, { isWhole, least, above, most }: Of<"number">): string {
  if (typed.trim() === "") return "";
  const value = Number(typed);
  if (!Number.isFinite(value)) return "This is no number.";
  if (isWhole && !Number.isInteger(value)) return "This should be a whole number.";
  if (least !== undefined && value < least) return `At least ${least.toLocaleString("en")}.`;
  if (above !== undefined && value <= above) return `More than ${above.toLocaleString("en")}.`;
  if (most !== undefined && value > most) return `At most ${most.toLocaleString("en")}.`;
  return "";
}

/** The unit, and large numbers of it in words people use. */
function unitOf(unit: string, value: number | null): string {
  if (unit === "seconds" && value !== null && value >= 120) return `seconds = ${duration(value * 1000)}`;
  if (unit === "bytes" && value !== null && value >= 1000) return `bytes = ${bytes(value)}`;
  return unit;
}

const bytes = (value: number): string =>
  value >= 1e6 ? `${Math.round(value / 1e5) / 10} MB` : `${Math.round(value / 100) / 10} KB`;

function Switch(props: InputProps) {
  const { field, value, onChange } = props;
  const { isReadOnly } = useForm();
  const isOn = typeof value === "boolean" ? value : field.default === true;
  return (
    <span className="form-switch">
      <input
        type="checkbox"
        role="switch"
        className="switch"
        {...named(props)}
        checked={isOn}
        aria-checked={isOn}
        disabled={isReadOnly}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span aria-hidden="true">{isOn ? "Yes" : "No"}</span>
    </span>
  );
}

/** Few short choices stand side by side, others in a list. */
const SIDE_BY_SIDE = 26;

function Choice(props: InputProps & { control: Of<"choice"> }) {
  const { control, field, value, onChange } = props;
  const { isReadOnly } = useForm();
  const name = useId();
  const set = value === undefined || value === null ? field.default : value;
  const isEmpty = set === undefined || set === null;
  const isKnown = isEmpty || control.options.some((option) => option.value === set);
  const letters = control.options.reduce((sum, { label }) => sum + label.length + 3, 0);
  if (control.options.length <= 4 && letters <= SIDE_BY_SIDE && isKnown && !field.isNullable)
    return (
      <span className="segmented form-segmented" role="radiogroup" {...named(props)}>
        {control.options.map((option) => (
          <label key={String(option.value)}>
            <input
              type="radio"
              name={name}
              checked={option.value === set}
              disabled={isReadOnly}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </span>
    );
  return (
    <select
      className="select"
      {...named(props)}
      value={isEmpty ? "" : JSON.stringify(set)}
      disabled={isReadOnly}
      onChange={(event) =>
        onChange(event.target.value === "" ? undefined : (JSON.parse(event.target.value) as Json))
      }
    >
      {isEmpty || field.isNullable ? <option value="">{field.isNullable ? "None" : "Choose…"}</option> : null}
      {isKnown ? null : <option value={JSON.stringify(set)}>{String(set)}</option>}
      {control.options.map((option: Option) => (
        <option key={String(option.value)} value={JSON.stringify(option.value)}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

/** Any of a few, as buttons that stay pressed. */
export function Several(props: InputProps & { control: Of<"several"> }) {
  const { control, field, value, onChange } = props;
  const { isReadOnly } = useForm();
  const set = Array.isArray(value) ? value : Array.isArray(field.default) ? field.default : [];
  const toggle = (option: Json): void => {
    const next = control.options
      .map((each) => each.value)
      .filter((each) => set.includes(each) !== (each === option));
    onChange(next.length === 0 && !Array.isArray(field.default) ? undefined : next);
  };
  return (
    <div className="form-several">
      {control.options.map((option) => (
        <button
          key={String(option.value)}
          type="button"
          className="chip"
          aria-pressed={set.includes(option.value)}
          disabled={isReadOnly}
          onClick={() => toggle(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
