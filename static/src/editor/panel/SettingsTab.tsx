import type { Finding, Json, NodeDocument, NodeTypeEntry } from "../../canvas/types.ts";
import { setNode } from "../document/edits.ts";
import { useEditor } from "../store.ts";
import { FormProvider } from "./form/context.ts";
import { Members } from "./form/Members.tsx";
import type { Schema } from "./form/schema.ts";

/** What this tab sets. */
export const SETTINGS_NAMES = [
  "on_error",
  "timeout_seconds",
  "retry",
  "on_unknown",
  "disabled",
  "milestone",
] as const;

const NO_SOURCE = { defs: {} };

/** How a node runs, whatever its type: when it fails, how long it may take, how often it is tried. */
export function SettingsTab({
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
  const schema = settingsSchema(entry);
  const names = Object.keys(schema.properties as Schema);
  const value = Object.fromEntries(
    Object.entries(node as unknown as Record<string, Json | undefined>).filter(
      ([name, set]) => names.includes(name) && set !== undefined && set !== null,
    ),
  ) as Schema;
  const change = (next: Schema, what: string): void => {
    const part = Object.fromEntries(names.map((name) => [name, next[name]]));
    if (isEmpty(part.retry)) part.retry = undefined;
    useEditor
      .getState()
      .edit(
        `Change ${what.toLowerCase()} of “${node.name}”`,
        (now) => setNode(now, node.id, part as Partial<NodeDocument>),
        `${node.id} ${what}`,
      );
  };
  return (
    <FormProvider value={{ nodeId: node.id, source: NO_SOURCE, findings, isReadOnly, isStrict: true }}>
      <Members schema={schema} path="" value={value} onChange={change} isTop />
    </FormProvider>
  );
}

const isEmpty = (value: Json | undefined): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** The settings every node has, with what its type does unless they say otherwise. */
function settingsSchema(entry: NodeTypeEntry | undefined): Schema {
  const retry = entry?.retry;
  const number = (title: string, description: string, more: Schema): Schema => ({
    type: "number",
    title,
    description,
    ...more,
  });
  const running: Schema = {
    on_error: {
      title: "When it fails",
      description: "What becomes of the run when this node fails and is not tried again.",
      enum: ["stop", "continue", "route"],
      default: "stop",
      "x-words": {
        stop: "The run fails",
        continue: "Go on with the error as output",
        route: "Leave by the port “error”",
      },
    },
    timeout_seconds: number("Time limit", "How long one try may take.", {
      default: entry?.timeout_seconds ?? 300,
      exclusiveMinimum: 0,
      maximum: 86_400,
      "x-unit": "seconds",
    }),
    retry: {
      title: "Tries",
      description: "Failures that may pass are tried again, with a random pause that grows.",
      type: "object",
      properties: {
        attempts: {
          type: "integer",
          title: "At most so many",
          minimum: 1,
          maximum: 50,
          default: retry?.attempts ?? 1,
        },
        delay_seconds: number("First pause, up to", "", {
          minimum: 0,
          maximum: 3_600,
          default: retry?.delay_seconds ?? 1,
          "x-unit": "seconds",
        }),
        max_delay_seconds: number("Longest pause", "", {
          minimum: 0,
          maximum: 86_400,
          default: retry?.max_delay_seconds ?? 900,
          "x-unit": "seconds",
        }),
      },
    },
    on_unknown: {
      title: "When nobody knows whether it worked",
      description:
        "A write was sent and no answer came back. Asking leaves it to a person; trying again may do it twice.",
      enum: ["ask", "retry", "fail"],
      default: entry?.on_unknown ?? "ask",
      "x-words": { ask: "Ask a person", retry: "Try again", fail: "Fail" },
    },
  };
  return {
    type: "object",
    properties: {
      ...(entry?.is_trigger ? {} : running),
      disabled: {
        type: "boolean",
        title: "Disabled",
        description: "What comes in is passed on unchanged. A disabled trigger starts nothing.",
        default: false,
      },
      milestone: {
        type: "boolean",
        title: "Milestone",
        description: "The log of a run marks its end, and can be narrowed to such nodes.",
        default: false,
      },
    },
  };
}
