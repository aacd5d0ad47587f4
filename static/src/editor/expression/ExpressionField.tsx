import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import type { Json } from "../../canvas/types.ts";
import { registerCommands } from "../commands.ts";
import { useData } from "../data/store.ts";
import type { Knowledge } from "./chains.ts";
import type { FieldEditor } from "./codemirror.ts";
import { fixedOf, PATH_TYPE, textOf, withHole, withPath } from "./field.ts";
import { knowledgeOf } from "./knowledge.ts";
import { PreviewLine } from "./PreviewLine.tsx";
import { resultOf, type Sees, usePreview } from "./previewing.ts";
import { Reference } from "./Reference.tsx";
import { hasExpression, holesOf } from "./tokens.ts";

export interface ExpressionFieldProps {
  nodeId: string;
  /** What is stored: a text as a rule. */
  value: Json | undefined;
  /** Told at every change. A text, but what `fixed` gives where a field that is no text is made fixed again. */
  onChange: (value: Json | undefined) => void;
  label: string;
  multiline?: boolean;
  /** Of the element that takes the focus. */
  id?: string;
  /** Where the parameter stands, as findings name it: "params.url". */
  path?: string;
  help?: ReactNode;
  /** What is wrong with the value as it is stored. */
  error?: string | undefined;
  placeholder?: string;
  isRequired?: boolean;
  isReadOnly?: boolean;
  /** What stands there in place of a text while the value is fixed: a number field, a choice, a switch. */
  fixed?: ReactNode;
  /** Nothing but an expression makes sense here, as in a condition: an empty field begins as one. */
  isExpressionFirst?: boolean;
  /** What `$json` is in it: what goes into the node, or, for conditions of connections, what it gives back. */
  sees?: Sees;
}

/** A field that holds a fixed value or an expression: writing, completing, and what it comes to. */
export function ExpressionField(props: ExpressionFieldProps) {
  const {
    nodeId,
    value,
    onChange,
    label,
    fixed,
    sees = "input",
    isReadOnly = false,
    multiline: isMultiline = false,
  } = props;
  const given = useId();
  const id = props.id ?? given;
  const [isChosen, setChosen] = useState(props.isExpressionFirst === true);
  const isExpression = hasExpression(value) || isChosen;
  const [hasFocus, setFocus] = useState(false);
  const last = useRef<string | null>(null);
  const editor = useRef<FieldEditor | null>(null);
  const wantsFocus = useRef(false);
  const [isOver, setOver] = useState(false);
  const path = props.path ?? label;
  const text = isExpression || typeof value === "string" ? textOf(value) : jsonLine(value);
  // Who may not change it may not ask what it would come to either.
  const previewed = hasExpression(value) && !isReadOnly ? value : null;
  const { preview, isStale } = usePreview(nodeId, path, previewed, sees);
  const isBegun = hasFocus && holesOf(text).some(({ tokens }) => tokens.length === 0);
  const isFaulty = preview?.status === "error" && !isBegun;
  const column = isFaulty && !isStale ? preview.column : null;
  // What the draft was found to lack when it was saved last says the same, later.
  const error = preview?.status === "error" ? undefined : props.error;
  const isWrong = Boolean(error) || isFaulty;
  useEffect(() => editor.current?.markProblem(column), [column]);
  useEffect(() => useData.getState().ensure(nodeId), [nodeId]);

  const onFocus = (has: boolean): void => {
    setFocus(has);
    if (has) focused = editor.current;
    if (!props.isExpressionFirst || isReadOnly || !isExpression) return;
    if (has && text.trim() === "") {
      onChange(withHole("", 0, 0).text);
      queueMicrotask(() => editor.current?.focus("inside"));
    } else if (!has && /^\s*\{\{\s*\}\}\s*$/.test(text)) onChange(undefined);
  };
  const toExpression = (): void => {
    if (isExpression) return;
    setChosen(true);
    wantsFocus.current = true;
    if (last.current !== null) onChange(last.current);
    else if (text.trim() === "") onChange(withHole(text, text.length, text.length).text);
    else if (typeof value !== "string") onChange(textOf(value));
    queueMicrotask(() => editor.current?.focus("inside"));
  };
  const toFixed = (): void => {
    if (!isExpression) return;
    setChosen(false);
    if (!hasExpression(value)) return;
    last.current = value;
    const result = resultOf(nodeId, path, value, sees);
    const kept = fixedOf(value, result);
    if (fixed) onChange(result === undefined ? undefined : kept);
    else onChange(typeof kept === "string" ? kept : JSON.stringify(kept));
  };
  const description = [
    preview ? `${id}-preview` : "",
    props.help ? `${id}-help` : "",
    error ? `${id}-error` : "",
  ]
    .filter(Boolean)
    .join(" ");
  return (
    <div
      className="field expression"
      data-mode={isExpression ? "expression" : "fixed"}
      data-focused={hasFocus || undefined}
      data-invalid={isWrong ? "" : undefined}
      data-over={isOver || undefined}
    >
      <div className="expression-head">
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: what it leads to is reached by Tab. */}
        <label
          className="field-label"
          id={`${id}-label`}
          htmlFor={id}
          onClick={() => editor.current?.focus()}
        >
          {label}
          {props.isRequired ? <span> required</span> : null}
        </label>
        {isExpression && !isReadOnly ? (
          <Reference onTake={(name) => editor.current?.insertText(name)} />
        ) : null}
        {isReadOnly ? null : (
          <fieldset className="expression-switch" aria-label={`${label}: how it is given`}>
            <button type="button" aria-pressed={!isExpression} onClick={toFixed}>
              Fixed
            </button>
            <button type="button" aria-pressed={isExpression} onClick={toExpression}>
              Expression
            </button>
          </fieldset>
        )}
      </div>
      {fixed && !isExpression ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: a place to drop on; the keyboard has its own way.
        <div
          className="expression-fixed"
          onDragOver={(event) => {
            if (isReadOnly || !event.dataTransfer.types.includes(PATH_TYPE)) return;
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            setOver(false);
            const path = event.dataTransfer.getData(PATH_TYPE);
            if (!path || isReadOnly) return;
            event.preventDefault();
            onChange(withPath("", 0, 0, path).text);
          }}
        >
          {fixed}
        </div>
      ) : (
        <div className="expression-box">
          <TextField
            text={text}
            isMultiline={isMultiline}
            isReadOnly={isReadOnly}
            placeholder={props.placeholder ?? ""}
            attributes={{
              id,
              tabindex: "0",
              "aria-labelledby": `${id}-label`,
              ...(description ? { "aria-describedby": description } : {}),
              ...(isWrong ? { "aria-invalid": "true" } : {}),
              ...(props.isRequired ? { "aria-required": "true" } : {}),
            }}
            onChange={onChange}
            onFocus={(has) => {
              onFocus(has);
            }}
            knowledgeNow={() => knowledgeOf(nodeId, sees)}
            onMount={(made) => {
              editor.current = made;
              if (wantsFocus.current) made?.focus("inside");
              wantsFocus.current = false;
              made?.markProblem(column);
            }}
          />
          {preview ? (
            <PreviewLine
              id={`${id}-preview`}
              preview={preview}
              isStale={isStale}
              hasFocus={hasFocus}
              isBegun={isBegun}
            />
          ) : null}
        </div>
      )}
      {props.help ? (
        <p className="help" id={`${id}-help`}>
          {props.help}
        </p>
      ) : null}
      {error ? (
        <p className="field-error" id={`${id}-error`}>
          <Icon name="circle-alert" size={12} />
          {error}
        </p>
      ) : null}
    </div>
  );
}

/** A value that is no text, as it is read. */
const jsonLine = (value: Json | undefined): string =>
  value === undefined || value === null ? "" : JSON.stringify(value);

/** The field that had the focus last, for commands. */
let focused: FieldEditor | null = null;

/** Shows what can be inserted into the field that has, or last had, the focus. Says whether there is one. */
export function insertField(): boolean {
  return focused?.view.dom.isConnected ? focused.insertField() : false;
}

registerCommands([
  {
    id: "expression.insert",
    title: "Insert field…",
    group: "Edit",
    keys: ["mod+i"],
    icon: "braces",
    isPossible: () => focused?.view.dom.isConnected ?? false,
    run: () => void insertField(),
  },
]);

interface TextFieldProps {
  text: string;
  isMultiline: boolean;
  isReadOnly: boolean;
  placeholder: string;
  attributes: Record<string, string>;
  onChange: (text: string) => void;
  onFocus: (hasFocus: boolean) => void;
  onMount: (editor: FieldEditor | null) => void;
  knowledgeNow: () => Knowledge;
}

/** The text itself. Until its editor has been loaded the text is shown as it is. */
function TextField(props: TextFieldProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<FieldEditor | null>(null);
  const now = useRef(props);
  now.current = props;
  const [isLoaded, setLoaded] = useState(false);
  useEffect(() => {
    let isGone = false;
    void import("./codemirror.ts").then(({ mountField }) => {
      if (isGone || !host.current) return;
      const { text, isMultiline, isReadOnly, placeholder, attributes } = now.current;
      editor.current = mountField(host.current, {
        text,
        isMultiline,
        isReadOnly,
        placeholder,
        attributes,
        onChange: (next) => now.current.onChange(next),
        onFocus: (hasFocus) => now.current.onFocus(hasFocus),
        knowledgeNow: () => now.current.knowledgeNow(),
      });
      setLoaded(true);
      now.current.onMount(editor.current);
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = null;
      now.current.onMount(null);
    };
  }, []);
  const { text, attributes, isReadOnly } = props;
  useEffect(() => editor.current?.setText(text), [text]);
  useEffect(() => editor.current?.setReadOnly(isReadOnly), [isReadOnly]);
  const told = JSON.stringify(attributes);
  useEffect(() => editor.current?.setAttributes(JSON.parse(told) as Record<string, string>), [told]);
  return (
    <div className="expression-text" ref={host} data-multiline={props.isMultiline || undefined}>
      {isLoaded ? null : <span className="expression-plain">{text}</span>}
    </div>
  );
}
