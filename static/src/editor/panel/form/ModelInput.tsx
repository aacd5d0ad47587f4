import { useEffect, useId, useState } from "react";
import { isObject } from "../../../canvas/summarize.ts";
import type { Json } from "../../../canvas/types.ts";
import { ask } from "../../api.ts";
import { nodeOf } from "../../document/edits.ts";
import { typeKey, useEditor } from "../../store.ts";
import { useForm } from "./context.ts";
import type { InputProps } from "./Scalars.tsx";

interface Model {
  provider: string;
  name: string;
  context: number;
  /** US dollars for a million tokens. */
  prices: { input: string; output: string } | null;
}

let asked: Promise<Model[]> | null = null;

/** The models that are known, asked for once; none where they cannot be had: any name can be typed. */
function useModels(): readonly Model[] {
  const [found, setFound] = useState<readonly Model[]>([]);
  useEffect(() => {
    let isGone = false;
    asked ??= ask<{ results: Model[] }>("GET", "/api/v1/app/ai/models/?kind=chat").then(
      ({ results }) => results,
    );
    asked.then(
      (rows) => {
        if (!isGone) setFound(rows);
      },
      () => {
        asked = null;
      },
    );
    return () => {
      isGone = true;
    };
  }, []);
  return found;
}

/** What the credential of the node's type is for: of that provider its models are, where it is one. */
function useProvider(): Json | undefined {
  const { nodeId } = useForm();
  return useEditor((state) => {
    const node = nodeOf(state.definition, nodeId);
    const schema = node && state.types.get(typeKey(node))?.params_schema;
    const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {};
    const found = /"x-credential":"([^"]+)"/.exec(JSON.stringify(properties.credential ?? {}));
    return found?.[1];
  });
}

/** The name of a language model: any, with those that are known to choose from, and what they cost. */
export function ModelInput({ id, label, described, value, onChange }: InputProps) {
  const { isReadOnly } = useForm();
  const provider = useProvider();
  const list = useId();
  const all = useModels();
  const own = all.filter((model) => model.provider === provider);
  const models = own.length > 0 ? own : all;
  const set = typeof value === "string" ? value : "";
  const known = models.find(({ name }) => name === set);
  return (
    <>
      <input
        className="input"
        id={id}
        aria-label={label}
        aria-describedby={described}
        list={list}
        value={set}
        placeholder="The workspace’s default"
        readOnly={isReadOnly}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value || undefined)}
      />
      <datalist id={list}>
        {models.map((model) => (
          <option key={`${model.provider} ${model.name}`} value={model.name}>
            {own.length > 0 ? "" : model.provider}
          </option>
        ))}
      </datalist>
      {known ? <p className="muted small">{wordsOf(known)}</p> : null}
    </>
  );
}

function wordsOf({ context, prices }: Model): string {
  const words = [
    context > 0 ? `reads ${context.toLocaleString("en")} tokens` : "",
    prices ? `$${Number(prices.input)} in, $${Number(prices.output)} out for a million` : "",
  ].filter(Boolean);
  return words.join(" · ");
}
