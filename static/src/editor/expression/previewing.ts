/** What expressions come to, asked for once typing rests: all fields of a node together, late answers dropped. */

import { useEffect } from "react";
import { create } from "zustand";
import type { Definition, Json } from "../../canvas/types.ts";
import { ask, Problem } from "../api.ts";
import { isSameAround } from "../data/around.ts";
import { type Source, useData } from "../data/store.ts";
import { useEditor } from "../store.ts";

export interface Preview {
  /** `away`: the server did not answer. */
  status: "ok" | "error" | "no_data" | "away";
  value: Json;
  /** The value's type, in words. */
  kind: string;
  source: Source | null;
  /** How a large value begins, which is then null. */
  head: string;
  size: number;
  message: string;
  hint: string;
  /** Of an error, counted from 1. */
  column: number | null;
  warnings: { message: string; hint: string }[];
}

/** What `$json` is: what goes into the node, or what it gives back. */
export type Sees = "input" | "output";

interface Want {
  nodeId: string;
  path: string;
  sees: Sees;
  text: string;
  /** What was asked for last: a text, and how many times the data had changed by then. */
  asked?: string;
}

interface Shown {
  text: string;
  preview: Preview;
}

const PAUSE = 150;
const usePreviews = create<Record<string, Shown>>()(() => ({}));
const wants = new Map<string, Want>();
let pause: ReturnType<typeof setTimeout> | undefined;

/**
 * What a text comes to at a place of a node; null while nothing is known, and for texts without expressions.
 * `isStale`: it is what the text before it came to.
 */
export function usePreview(
  nodeId: string,
  path: string,
  text: string | null,
  sees: Sees,
): { preview: Preview | null; isStale: boolean } {
  const key = JSON.stringify([nodeId, path, sees]);
  useEffect(() => {
    if (text === null) return;
    const before = wants.get(key);
    wants.set(key, { nodeId, path, sees, text, ...(before?.asked ? { asked: before.asked } : {}) });
    soon();
  }, [key, nodeId, path, sees, text]);
  useEffect(
    () => () => {
      wants.delete(key);
      usePreviews.setState((now) => {
        const { [key]: _gone, ...rest } = now;
        return rest;
      }, true);
    },
    [key],
  );
  const shown = usePreviews((state) => state[key]);
  if (text === null || !shown) return { preview: null, isStale: false };
  return { preview: shown.preview, isStale: shown.text !== text };
}

/** What the text at this place came to last, if it was this text. */
export function resultOf(nodeId: string, path: string, text: string, sees: Sees = "input"): Json | undefined {
  const shown = usePreviews.getState()[JSON.stringify([nodeId, path, sees])];
  const isIt = shown?.text === text && shown.preview.status === "ok" && shown.preview.head === "";
  return isIt ? shown.preview.value : undefined;
}

// Whatever became known may change every result.
useData.subscribe((now, before) => {
  if (now.version !== before.version) soon();
});

function soon(): void {
  clearTimeout(pause);
  pause = setTimeout(flush, PAUSE);
}

function flush(): void {
  const version = useData.getState().version;
  const groups = new Map<string, [string, Want][]>();
  for (const [key, want] of wants) {
    const asked = `${version} ${want.text}`;
    if (want.asked === asked) continue;
    want.asked = asked;
    const group = `${want.nodeId} ${want.sees}`;
    groups.set(group, [...(groups.get(group) ?? []), [key, want]]);
  }
  for (const group of groups.values()) void request(group);
}

async function request(group: readonly [string, Want][]): Promise<void> {
  const [first] = group;
  if (!first) return;
  const { nodeId: node, sees } = first[1];
  const { data } = useEditor.getState();
  const texts = Object.fromEntries(group.map(([, { path, text }]) => [path, text]));
  const unsaved = unsavedAround(node);
  const body = { node, texts, sees, ...(unsaved ? { definition: unsaved } : {}) };
  let results: Record<string, Preview>;
  try {
    results = (await ask<{ results: Record<string, Preview> }>("POST", `${data.api}preview/`, body)).results;
  } catch (error) {
    results = Object.fromEntries(Object.keys(texts).map((path) => [path, away(error)]));
  }
  const shown: Record<string, Shown> = {};
  for (const [key, { path, text }] of group) {
    const preview = results[path];
    // Somebody has typed on: the answer to that is on its way.
    if (preview && wants.get(key)?.text === text) shown[key] = { text, preview };
  }
  usePreviews.setState(shown);
}

const away = (error: unknown): Preview => ({
  status: "away",
  value: null,
  kind: "",
  source: null,
  head: "",
  size: 0,
  message: error instanceof Problem ? error.message : "The server cannot be reached, so there is no preview.",
  hint: "",
  column: null,
  warnings: [],
});

/** The draft, where something besides this node's own parameters is not saved yet. */
function unsavedAround(nodeId: string): Definition | undefined {
  const { definition, saved } = useEditor.getState();
  return isSameAround(definition, saved, nodeId) ? undefined : definition;
}
