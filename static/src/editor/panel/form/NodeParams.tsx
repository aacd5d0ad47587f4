import type { Json } from "../../../canvas/types.ts";
import { nodeOf, setParam } from "../../document/edits.ts";
import { useEditor } from "../../store.ts";
import { FormProvider, useForm } from "./context.ts";
import { Members } from "./Members.tsx";
import { type Schema, sourceOf } from "./schema.ts";
import { beside, objectOf } from "./values.ts";

/** The type that the parameter `node` beside this one names, where it is known. */
export function useNamedType(path: string) {
  const { nodeId } = useForm();
  const named = useEditor((state) => {
    const node = nodeOf(state.definition, nodeId);
    return node && beside({ params: node.params ?? {} }, path, "node");
  });
  return useEditor((state) =>
    typeof named === "string" ? state.types.get(named.replace(".", " ")) : undefined,
  );
}

/** The parameters of another node type, of which a model may fill in some. */
export function NodeParams({
  path,
  value,
  onChange,
}: {
  path: string;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}) {
  const form = useForm();
  const entry = useNamedType(path);
  const fills = useEditor((state) => {
    const node = nodeOf(state.definition, form.nodeId);
    return node && beside({ params: node.params ?? {} }, path, "fills");
  });
  if (!entry) return <p className="muted small">Choose an action first.</p>;
  const schema = (entry.params_schema ?? {}) as Schema;
  const change = (next: Json): void =>
    useEditor
      .getState()
      .edit(
        "Change what the model fills in",
        (now) => setParam(now, form.nodeId, "fills", next),
        `${form.nodeId} fills`,
      );
  return (
    <FormProvider value={{ ...form, source: sourceOf(schema), filler: { root: path, fills, change } }}>
      <fieldset className="field form-field form-inner">
        <legend className="field-label">{entry.name}</legend>
        <p className="help">Fix each parameter, or let the model fill it in.</p>
        <Members schema={schema} path={path} value={objectOf(value)} onChange={(next) => onChange(next)} />
      </fieldset>
    </FormProvider>
  );
}
