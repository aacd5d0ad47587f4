import { Icon } from "../../canvas/Icon.tsx";
import type { Json } from "../../canvas/types.ts";
import type { Preview } from "./previewing.ts";

interface Props {
  id: string;
  preview: Preview;
  isStale: boolean;
  hasFocus: boolean;
  /** Nothing has been written between the braces yet. */
  isBegun: boolean;
}

/** What an expression comes to, or why it comes to nothing. */
export function PreviewLine({ id, preview, isStale, hasFocus, isBegun }: Props) {
  if (isBegun && preview.status === "error")
    return (
      <div className="expression-preview" id={id} data-status="no_data">
        <Icon name="info" size={14} />
        <span>Write a value, or choose one from the list: Ctrl Space shows it.</span>
      </div>
    );
  const { status, message, hint, column, source, kind } = preview;
  const warning = status === "ok" ? preview.warnings[0] : undefined;
  return (
    <div
      className="expression-preview"
      id={id}
      data-status={warning ? "warning" : status}
      data-stale={isStale || undefined}
    >
      <Icon name={warning ? "triangle-alert" : iconOf(status)} size={14} />
      <div className="expression-result">
        {status === "ok" ? (
          <>
            <span className="expression-value" data-kind={kind} title={titleOf(preview)}>
              {shown(preview)}
            </span>
            {warning ? (
              <span className="expression-hint">
                {warning.message} {warning.hint}
              </span>
            ) : null}
            {source === "example" ? (
              <span className="expression-hint">
                {hasFocus ? "From an example: run the workflow once to see real data." : "Example"}
              </span>
            ) : null}
          </>
        ) : (
          <>
            <span>
              {sentence(message)}
              {column === null ? null : <span className="expression-column"> Column {column}.</span>}
            </span>
            {hint ? <span className="expression-hint">{sentence(hint)}</span> : null}
          </>
        )}
      </div>
    </div>
  );
}

function iconOf(status: Preview["status"]): string {
  if (status === "ok") return "check";
  return status === "error" ? "circle-alert" : "info";
}

const LONGEST = 300;

function shown({ value, head, size }: Preview): string {
  if (head) return `${head.slice(0, 120)}… (${Math.ceil(size / 1000)} KB)`;
  if (value === "") return "Empty text";
  if (value === null) return "Empty (null)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const titleOf = ({ value, kind }: Preview): string => `${kind}: ${text(value).slice(0, 1_000)}`;

const text = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** Messages of the language begin small and end without a stop. */
function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.?!…]$/.test(begun) ? begun : `${begun}.`;
}
