import { lazy, Suspense } from "react";
import type { Json } from "../../../canvas/types.ts";
import { nodeOf } from "../../document/edits.ts";
import { useEditor } from "../../store.ts";
import type { CodeLanguage } from "../code/languages.ts";
import { useForm } from "./context.ts";
import { beside } from "./values.ts";

const CodeEditor = lazy(() => import("../code/CodeEditor.tsx"));

/** A piece of code. What it is written in says the parameter `language` beside it. */
export function CodeField({
  path,
  value,
  name,
  onChange,
}: {
  path: string;
  value: Json | undefined;
  name: string;
  onChange: (value: Json | undefined) => void;
}) {
  const { nodeId, isReadOnly } = useForm();
  const language = useEditor((state): CodeLanguage => {
    const node = nodeOf(state.definition, nodeId);
    return node && beside({ params: node.params ?? {} }, path, "language") === "javascript"
      ? "javascript"
      : "python";
  });
  return (
    <Suspense fallback={<div className="json-editor code-editor" aria-busy="true" />}>
      <CodeEditor
        value={typeof value === "string" ? value : ""}
        language={language}
        label={name}
        isReadOnly={isReadOnly}
        onChange={(next) => onChange(next === "" ? undefined : next)}
      />
    </Suspense>
  );
}
