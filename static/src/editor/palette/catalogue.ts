/** The node types in the order people look for them, and what fits a few letters. Pure. */

import { closeness } from "../../app/fuzzy.ts";
import type { NodeTypeEntry } from "../../canvas/types.ts";
import { typeKey } from "../store.ts";

export interface Group {
  title: string;
  entries: NodeTypeEntry[];
}

/** The families of node types, and what people call them. */
const FAMILIES: readonly (readonly [string, string])[] = [
  ["TRIGGER", "Triggers"],
  ["FLOW", "Flow"],
  ["ACTION", "Actions"],
  ["AI_AGENT", "AI agents"],
  ["HUMAN_IN_THE_LOOP", "People"],
  ["EXTERNAL_ACTION", "Apps"],
  ["TOOL", "Tools"],
  ["MEMORY", "Memory"],
];
/** Words that mean a whole family to people. */
const WORDS: Readonly<Record<string, string>> = {
  TRIGGER: "trigger start begin",
  FLOW: "flow logic control",
  AI_AGENT: "ai agent model llm assistant prompt",
  HUMAN_IN_THE_LOOP: "person human people review question",
  EXTERNAL_ACTION: "app integration service",
};
const WORD_SHARE = 0.7;
const SUMMARY_SHARE = 0.4;
const FAMILY_SHARE = 0.3;
const OFTEN = 15;
/** Below this letters stand in a text by chance. */
const CHANCE = 40;

const titleOf = (type: string): string =>
  FAMILIES.find(([family]) => family === type)?.[1] ??
  type.charAt(0) + type.slice(1).toLowerCase().replaceAll("_", " ");

/** Every type under its family's heading; in a family by name, with what leads nowhere at the end. */
export function groups(entries: readonly NodeTypeEntry[]): Group[] {
  const rank = (type: string): number => {
    const place = FAMILIES.findIndex(([family]) => family === type);
    return place < 0 ? FAMILIES.length : place;
  };
  const found = new Map<string, NodeTypeEntry[]>();
  const isEnd = ({ ports }: NodeTypeEntry): number => (ports.length === 0 ? 1 : 0);
  const sorted = [...entries].sort(
    (a, b) => rank(a.type) - rank(b.type) || isEnd(a) - isEnd(b) || a.name.localeCompare(b.name),
  );
  for (const entry of sorted) found.set(entry.type, [...(found.get(entry.type) ?? []), entry]);
  return [...found].map(([type, members]) => ({ title: titleOf(type), entries: members }));
}

/** How well a type fits the letters: by its name, by other words for it, by what it does. Zero: not at all. */
export function fitOf(entry: NodeTypeEntry, query: string): number {
  if (!query.trim()) return 1;
  const byWord = Math.max(0, ...(entry.keywords ?? []).map((word) => closeness(query, word)));
  const bySummary = query.trim().length < 3 ? 0 : contained(query, entry.summary);
  const byFamily = closeness(query, WORDS[entry.type] ?? "");
  const subtype = closeness(query, entry.subtype.replaceAll("_", " "));
  return Math.max(
    certain(closeness(query, entry.name), query),
    certain(Math.max(byWord, subtype), query) * WORD_SHARE,
    bySummary * SUMMARY_SHARE,
    certain(byFamily, query) * FAMILY_SHARE,
  );
}

/** The types that fit the letters, best first; of equals those that were used lately. */
export function found(
  entries: readonly NodeTypeEntry[],
  query: string,
  recent: readonly string[] = [],
): NodeTypeEntry[] {
  const lately = new Set(recent);
  return entries
    .map((entry, place) => ({ entry, place, fit: fitOf(entry, query) }))
    .filter(({ fit }) => fit > 0)
    .map((row) => ({ ...row, fit: row.fit + (lately.has(typeKey(row.entry)) ? OFTEN : 0) }))
    .sort((a, b) => b.fit - a.fit || a.place - b.place)
    .map(({ entry }) => entry);
}

/** In long texts only whole pieces count: single letters are everywhere. */
function contained(query: string, text: string): number {
  return text.toLowerCase().includes(query.toLowerCase().trim()) ? closeness(query, text) : 0;
}

const certain = (fit: number, query: string): number => (query.trim().length > 2 && fit < CHANCE ? 0 : fit);
