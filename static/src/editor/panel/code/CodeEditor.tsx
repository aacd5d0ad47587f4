import { lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { type MountedText, mountText } from "../text/mounting.ts";
import { type CodeLanguage, codeLanguage } from "./languages.ts";

export interface CodeEditorProps {
  value: string;
  language: CodeLanguage;
  label: string;
  isReadOnly: boolean;
  onChange: (value: string) => void;
}

/** Code as text, in colours. */
export default function CodeEditor(props: CodeEditorProps) {
  const { value, language, isReadOnly } = props;
  const host = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedText | null>(null);
  const now = useRef(props);
  now.current = props;
  useEffect(() => {
    if (!host.current) return;
    const { value: text, label, isReadOnly: isLocked } = now.current;
    mounted.current = mountText(host.current, {
      text,
      label,
      isReadOnly: isLocked,
      placeholder: "return input",
      language: [codeLanguage(now.current.language), lineNumbers()],
      onChange: (next) => now.current.onChange(next),
    });
    return () => {
      mounted.current?.destroy();
      mounted.current = null;
    };
  }, []);
  useEffect(() => mounted.current?.setText(value), [value]);
  useEffect(() => mounted.current?.setLanguage([codeLanguage(language), lineNumbers()]), [language]);
  useEffect(() => mounted.current?.setReadOnly(isReadOnly), [isReadOnly]);
  return <div className="json-editor code-editor" ref={host} />;
}
