import type { ReactNode } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { type Filler, useForm } from "./context.ts";
import { fillOf, fillWith, isFillable, parameterAt, withFill, withoutFill } from "./filling.ts";
import type { Field } from "./schema.ts";

/** A parameter that the author fixes, or leaves to the model: then what the model is told of it. */
export function Fillable({
  field,
  path,
  label,
  onClear,
  children,
}: {
  field: Field;
  path: string;
  label: string;
  /** What was fixed goes, so that the two never disagree. */
  onClear: () => void;
  children: ReactNode;
}) {
  const { filler, isReadOnly } = useForm();
  const parameter = filler && isFillable(field.control) ? parameterAt(filler.root, path) : null;
  if (!filler || parameter === null) return children;
  const fill = fillOf(filler.fills, parameter);
  if (fill) return <Filled filler={filler} parameter={parameter} label={label} help={field.help} />;
  if (isReadOnly) return children;
  return (
    <div className="form-fillable">
      {children}
      <button
        type="button"
        className="fill-offer"
        aria-label={`${label}: let the model fill this in`}
        onClick={() => {
          onClear();
          filler.change(withFill(filler.fills, parameter));
        }}
      >
        <Icon name="sparkles" size={12} />
        Let the model fill this in
      </button>
    </div>
  );
}

function Filled({
  filler: { fills, change },
  parameter,
  label,
  help,
}: {
  filler: Filler;
  parameter: string;
  label: string;
  help: string;
}) {
  const { isReadOnly } = useForm();
  const fill = fillOf(fills, parameter) ?? {};
  const set = (name: string, value: Json | undefined): void =>
    change(fillWith(fills, parameter, name, value));
  return (
    <fieldset className="field form-field form-filled">
      <legend className="visually-hidden">{label}, filled in by the model</legend>
      <div className="form-head">
        <span className="field-label">
          <span className="ai-mark">
            <Icon name="sparkles" size={12} />
            AI
          </span>
          {label}
        </span>
        {isReadOnly ? null : (
          <button
            type="button"
            className="link small"
            aria-label={`${label}: fill it in yourself`}
            onClick={() => change(withoutFill(fills, parameter))}
          >
            Fill it in yourself
          </button>
        )}
      </div>
      <textarea
        className="textarea"
        rows={2}
        aria-label={`${label}: what the model should put there`}
        placeholder={help || "What the model should put there"}
        value={typeof fill.description === "string" ? fill.description : ""}
        readOnly={isReadOnly}
        onChange={(event) => set("description", event.target.value || undefined)}
      />
      <label className="form-filled-needed small">
        <input
          type="checkbox"
          checked={fill.is_required !== false}
          disabled={isReadOnly}
          onChange={(event) => set("is_required", event.target.checked ? undefined : false)}
        />
        The model has to give it
      </label>
    </fieldset>
  );
}
