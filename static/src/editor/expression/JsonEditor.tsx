import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import type { Json } from "../../canvas/types.ts";
import { jsonText, parseJson } from "./json.ts";
import type { JsonMirror } from "./jsonmirror.ts";

export interface JsonEditorProps {
  /** Undefined: nothing is set, and the editor is empty. */
  value: Json | undefined;
  /** Told whenever the text is JSON again; undefined for an empty one. */
  onChange?: (value: Json | undefined) => void;
  /** Told when the text becomes, or is no longer, something that is no JSON. */
  onProblem?: (message: string | null) => void;
  /** Its accessible name; shown by whoever draws the field. */
  label: string;
  id?: string;
  isReadOnly?: boolean;
}

/** A value edited as JSON. What is no JSON yet stays on the screen with what is wrong, and is not told. */
export function JsonEditor({ value, onChange, onProblem, label, id, isReadOnly = false }: JsonEditorProps) {
  const given = useId();
  const own = id ?? given;
  const host = useRef<HTMLDivElement>(null);
  const mirror = useRef<JsonMirror | null>(null);
  const [text, setText] = useState(() => jsonText(value));
  const { problem } = parseJson(text);
  const told = useRef(JSON.stringify(value));
  const now = useRef({ text, onChange, onProblem });
  now.current = { text, onChange, onProblem };

  const take = (next: string): void => {
    setText(next);
    const parsed = parseJson(next);
    if (parsed.problem) return;
    const made = JSON.stringify(parsed.value);
    if (made === told.current) return;
    told.current = made;
    now.current.onChange?.(parsed.value);
  };
  const taking = useRef(take);
  taking.current = take;

  const attributes = {
    id: own,
    "aria-label": label,
    "aria-describedby": `${own}-problem`,
    "aria-invalid": problem ? "true" : "false",
  };
  const first = useRef(attributes);
  useEffect(() => {
    let isGone = false;
    void import("./jsonmirror.ts").then(({ mountJson }) => {
      if (isGone || !host.current) return;
      host.current.replaceChildren();
      mirror.current = mountJson(host.current, {
        text: now.current.text,
        isReadOnly,
        attributes: first.current,
        onChange: (next) => taking.current(next),
      });
    });
    return () => {
      isGone = true;
      mirror.current?.destroy();
      mirror.current = null;
    };
  }, [isReadOnly]);

  // What was changed elsewhere replaces the text; what was told from here comes back and changes nothing.
  const wanted = JSON.stringify(value);
  useEffect(() => {
    if (wanted === told.current) return;
    told.current = wanted;
    const next = jsonText(wanted === undefined ? undefined : (JSON.parse(wanted) as Json));
    setText(next);
    mirror.current?.setText(next);
  }, [wanted]);

  const message = problem ? `Line ${problem.line}, column ${problem.column}: ${problem.message}` : null;
  useEffect(() => {
    now.current.onProblem?.(message);
    mirror.current?.setAttributes({ "aria-invalid": message ? "true" : "false" });
  }, [message]);
  return (
    <div className="json-editor" data-invalid={problem ? "" : undefined}>
      <div className="json-text" ref={host}>
        <pre>{text}</pre>
      </div>
      <p className="field-error" id={`${own}-problem`} hidden={message === null}>
        <Icon name="circle-alert" size={12} />
        {message}
      </p>
    </div>
  );
}
