/** What the command palette shows, and in which order. Pure. */
import { closeness } from "./fuzzy.ts";

/** One line of the palette. It leads to `url`, clicks what `click` finds on the page, or does `run`. */
export interface Item {
  group: string;
  title: string;
  icon: string;
  detail?: string;
  words?: string;
  keys?: string;
  url?: string;
  click?: string;
  run?: () => void;
  /** Shown without letters, too. */
  isAlways?: boolean;
}

/** The lines of one heading. */
export interface Section {
  title: string;
  items: Item[];
}

export const RECENT = "Recent";
const MOST_RECENT = 5;
const MOST_IN_GROUP = 8;
const KEPT = 12;
const OFTEN = 30;

/** What the server found. */
export interface Answer {
  workflows: { id: string; name: string; status: string; url: string; run_url: string | null }[];
  executions: { short_id: string; id: string; workflow_name: string; status: string; url: string }[];
  members: { name: string; email: string; role: string; url: string }[];
}

const STATUS: Record<string, string> = {
  NEW: "Starting",
  RUNNING: "Running",
  WAITING: "Waiting",
  WAITING_FOR_HUMAN: "Waiting for a person",
  PAUSED: "Paused",
  SUCCESS: "Success",
  ERROR: "Failed",
  TIMED_OUT: "Timed out",
  CANCELED: "Cancelled",
  draft: "Draft",
  active: "Live",
  paused: "Paused",
  archived: "Archived",
};
const word = (status: string): string => STATUS[status] ?? status;

/** "run order" → "order": what is to be run, when that is what somebody writes. */
export const runQuery = (query: string): string | undefined => /^run\s+(.*)$/i.exec(query.trim())?.[1];

/** The server's answer as lines. To run is offered for the first two workflows, and for all after "run …". */
export function itemsOf(answer: Answer, query: string): Item[] {
  const toRun = runQuery(query) === undefined ? (query.trim() ? 2 : 0) : answer.workflows.length;
  return [
    ...answer.workflows.map(({ name, status, url }) => ({
      group: "Workflows",
      title: name,
      icon: "workflow",
      detail: word(status),
      url,
    })),
    ...answer.workflows
      .slice(0, toRun)
      .flatMap(({ name, run_url }) =>
        run_url ? [{ group: "Actions", title: `Run ${name}`, icon: "play", url: run_url, words: name }] : [],
      ),
    ...answer.executions.map(({ id, short_id, workflow_name, status, url }) => ({
      group: "Executions",
      title: `${workflow_name} ${short_id}`,
      icon: "list-tree",
      detail: word(status),
      words: id,
      url,
    })),
    ...answer.members.map(({ name, email, url }) => ({
      group: "People",
      title: name,
      icon: "user-round",
      detail: email === name ? "" : email,
      words: email,
      url,
    })),
  ];
}

const keyOf = (item: Item): string => item.url ?? item.click ?? item.title;

function scoreOf(item: Item, query: string, recent: ReadonlySet<string>): number {
  const inTitle = closeness(query, item.title);
  const inWords = item.words ? closeness(query, item.words) * 0.6 : 0;
  const score = Math.max(inTitle, inWords);
  return score > 0 && recent.has(keyOf(item)) ? score + OFTEN : score;
}

/**
 * The sections to show. Without letters: what was chosen last, then what is always there, then what the server says
 * was changed last. With letters: what fits, the section with the best line first.
 */
export function sections(items: readonly Item[], query: string, recent: readonly Item[]): Section[] {
  const grouped = new Map<string, { items: Item[]; best: number }>();
  const put = (item: Item, score: number, group = item.group): void => {
    const found = grouped.get(group) ?? { items: [], best: 0 };
    if (!found.items.some((other) => keyOf(other) === keyOf(item))) found.items.push(item);
    found.best = Math.max(found.best, score);
    grouped.set(group, found);
  };
  if (!query.trim()) {
    const shown = recent.slice(0, MOST_RECENT);
    const known = new Set(shown.map(keyOf));
    for (const item of shown) put(item, 1, RECENT);
    for (const item of items) if (item.isAlways !== false && !known.has(keyOf(item))) put(item, 1);
  } else {
    const known = new Set(recent.map(keyOf));
    items
      .map((item) => ({ item, score: scoreOf(item, query, known) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .forEach(({ item, score }) => {
        put(item, score);
      });
  }
  const found = [...grouped].map(([title, { items: lines, best }]) => ({
    title,
    items: lines.slice(0, MOST_IN_GROUP),
    best,
  }));
  if (query.trim()) found.sort((a, b) => b.best - a.best);
  return found.map(({ title, items: lines }) => ({ title, items: lines }));
}

/** What was chosen before, with what has just been chosen in front. Only what has an address is kept. */
export function remembered(before: readonly Item[], chosen: Item): Item[] {
  if (!chosen.url) return [...before];
  return [chosen, ...before.filter((item) => keyOf(item) !== keyOf(chosen))].slice(0, KEPT);
}

/** What a reader of screens hears when the lines have changed. */
export const counted = (found: readonly Section[]): string => {
  const count = found.reduce((sum, { items }) => sum + items.length, 0);
  return count === 0 ? "Nothing found" : `${count} ${count === 1 ? "result" : "results"}`;
};
