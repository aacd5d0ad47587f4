import type { Finding, NodeDocument, NodeTypeEntry } from "../../canvas/types.ts";
import { setNode } from "../document/edits.ts";
import { useEditor } from "../store.ts";
import { FormProvider } from "./form/context.ts";
import { Problems } from "./form/FieldFrame.tsx";
import { Members } from "./form/Members.tsx";
import { placeOf } from "./form/problems.ts";
import { type Schema, sourceOf } from "./form/schema.ts";
import { SETTINGS_NAMES } from "./SettingsTab.tsx";

const SETTINGS: ReadonlySet<string> = new Set(SETTINGS_NAMES);

/** The parameters of a node, as its type's schema asks for them. */
export function NodeForm({
  node,
  entry,
  findings,
  isReadOnly,
}: {
  node: NodeDocument;
  entry: NodeTypeEntry | undefined;
  findings: readonly Finding[];
  isReadOnly: boolean;
}) {
  const schema = (entry?.params_schema ?? {}) as Schema;
  const change = (params: Schema, what: string): void => {
    useEditor
      .getState()
      .edit(
        `Change ${what.toLowerCase()} of “${node.name}”`,
        (now) => setNode(now, node.id, { params }),
        `${node.id} ${what}`,
      );
  };
  // What is about the whole: its parameters together, its connections, where it stands.
  const general = findings.filter((finding) => {
    const place = placeOf(finding);
    return place === "params" || (!place.startsWith("params") && !SETTINGS.has(place.split(/[.[]/)[0] ?? ""));
  });
  const hasNone = Object.keys((schema.properties as Schema | undefined) ?? {}).length === 0;
  return (
    <FormProvider value={{ nodeId: node.id, source: sourceOf(schema), findings, isReadOnly }}>
      {general.length > 0 ? (
        <div className="form-general">
          <Problems problems={general} />
        </div>
      ) : null}
      {hasNone && Object.keys(node.params ?? {}).length === 0 ? (
        <p className="muted">
          {entry ? "There is nothing to set here." : "This type of node is not known here."}
        </p>
      ) : null}
      <Members schema={schema} path="params" value={node.params ?? {}} onChange={change} isTop />
    </FormProvider>
  );
}
