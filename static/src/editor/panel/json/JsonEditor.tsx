import { useEffect, useRef, useState } from "react";
import { Icon } from "../../../canvas/Icon.tsx";
import type { Json } from "../../../canvas/types.ts";
import { isSame } from "../../document/merge.ts";
import { type MountedText, mountText } from "../text/mounting.ts";
import { jsonLanguage } from "./language.ts";
import { readJson, writeJson } from "./reading.ts";

export interface JsonEditorProps {
  value: Json | undefined;
  label: string;
  shape: "any" | "object" | "list";
  isReadOnly: boolean;
  /** Told what the text says, whenever it says something; undefined when it is emptied. */
  onChange: (value: Json | undefined) => void;
}

/** JSON as text. What cannot be read is shown as such and is not kept. */
export default function JsonEditor(props: JsonEditorProps) {
  const { value, shape, isReadOnly } = props;
  const host = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedText | null>(null);
  const told = useRef(value);
  const now = useRef(props);
  now.current = props;
  const [fault, setFault] = useState("");
  useEffect(() => {
    if (!host.current) return;
    mounted.current = mountText(host.current, {
      text: writeJson(now.current.value),
      label: now.current.label,
      isReadOnly: now.current.isReadOnly,
      language: jsonLanguage(),
      placeholder: now.current.shape === "list" ? "[ … ]" : "{ … }",
      onChange: (text) => {
        const read = readJson(text, now.current.shape);
        setFault(read.fault);
        if (read.fault) return;
        told.current = read.value;
        now.current.onChange(read.value);
      },
    });
    return () => {
      mounted.current?.destroy();
      mounted.current = null;
    };
  }, []);
  useEffect(() => {
    if (isSame(told.current, value)) return;
    told.current = value;
    setFault("");
    mounted.current?.setText(writeJson(value));
  }, [value]);
  useEffect(() => mounted.current?.setReadOnly(isReadOnly), [isReadOnly]);
  return (
    <>
      <div className="json-editor" ref={host} data-invalid={fault ? "" : undefined} data-shape={shape} />
      {fault ? (
        <p className="field-error" role="status">
          <Icon name="circle-alert" size={12} />
          <span>{fault}</span>
        </p>
      ) : null}
    </>
  );
}
