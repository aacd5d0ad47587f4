import { type ReactNode, useId } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Finding, Json } from "../../../canvas/types.ts";
import { useForm, useRow } from "./context.ts";
import { Help } from "./Help.tsx";
import { sentence } from "./problems.ts";

export interface FrameProps {
  label: string;
  help: string;
  problems: readonly Finding[];
  isRequired: boolean;
  /** Whether nothing is there although something must be. */
  isMissing: boolean;
  /** Given where the value can be taken back to its default. */
  onReset: (() => void) | null;
  defaultWords: string;
  /** Whether several things take the focus: then the label names a group. */
  isGroup: boolean;
  children: (ids: { id: string; described: string | undefined }) => ReactNode;
}

/** Label above, what is asked with, help and problems below. */
export function FieldFrame(props: FrameProps) {
  const id = useId();
  const isRow = useRow();
  const errors = props.problems.filter(({ severity }) => severity === "error");
  const isInvalid = errors.length > 0 || props.isMissing;
  const described =
    [props.help && !isRow ? `${id}-help` : "", isInvalid || props.problems.length > 0 ? `${id}-problems` : ""]
      .filter(Boolean)
      .join(" ") || undefined;
  const Label = props.isGroup ? "span" : "label";
  return (
    <div
      className="field form-field"
      data-invalid={isInvalid ? "" : undefined}
      {...(props.isGroup
        ? { role: "group", "aria-labelledby": `${id}-label`, "aria-describedby": described }
        : {})}
    >
      <div className="form-head">
        <Label
          className="field-label"
          id={`${id}-label`}
          title={isRow ? props.help.replaceAll("`", "") : undefined}
          {...(props.isGroup ? {} : { htmlFor: id })}
        >
          {props.label}
          {props.isRequired && !isRow ? <span> required</span> : null}
        </Label>
        <Reset onReset={props.onReset} label={props.label} words={props.defaultWords} />
      </div>
      {props.children({ id, described })}
      {props.help && !isRow ? (
        <p className="help" id={`${id}-help`}>
          <Help text={props.help} />
        </p>
      ) : null}
      <Problems id={`${id}-problems`} problems={props.problems} isMissing={props.isMissing} />
    </div>
  );
}

export function Reset({
  onReset,
  label,
  words,
}: {
  onReset: (() => void) | null;
  label: string;
  words: string;
}) {
  const { isReadOnly } = useForm();
  if (!onReset || isReadOnly) return null;
  const title = words ? `Back to the default: ${words}` : "Back to the default";
  return (
    <button
      type="button"
      className="form-icon"
      aria-label={`${label}: ${title.toLowerCase()}`}
      title={title}
      onClick={onReset}
    >
      <Icon name="rotate-ccw" size={12} />
    </button>
  );
}

export function Problems({
  id,
  problems,
  isMissing,
}: {
  id?: string;
  problems: readonly Finding[];
  isMissing?: boolean;
}) {
  if (problems.length === 0)
    return isMissing ? (
      <p className="field-error" id={id}>
        <Icon name="circle-alert" size={12} />
        This is needed.
      </p>
    ) : null;
  return (
    <div id={id}>
      {problems.map((problem) => (
        <p
          key={`${problem.code} ${problem.path} ${problem.message}`}
          className="field-error"
          data-severity={problem.severity}
        >
          <Icon name={problem.severity === "error" ? "circle-alert" : "triangle-alert"} size={12} />
          <span>{sentence(problem)}</span>
        </p>
      ))}
    </div>
  );
}

/** A default in a few words: what stands in a field that is not set. */
export function defaultWords(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return "";
  return String(value);
}
