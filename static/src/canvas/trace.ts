/**
 * What an agent did, read from its steps: memories, tools, turns and calls. `apps/ai/agents/README.md` says what its
 * steps are called and what their results are. Pure.
 */

import { isObject } from "./summarize.ts";
import type { Json, LargeValue, RunError } from "./types.ts";

/** One row of `GET executions/<id>/steps`. */
export interface StepRow {
  key: string;
  state: "STARTED" | "FAILED" | "DONE";
  effect: string;
  failures: number;
  started_at: string;
  finished_at: string | null;
  result: Json;
  large: LargeValue | null;
}

export interface Said {
  role: string;
  text: string;
}

export interface Remembered {
  key: string;
  name: string;
  messages: Said[];
}

export interface Offered {
  key: string;
  name: string;
  functions: { name: string; title: string; description: string; needsApproval: boolean }[];
}

export interface Asked {
  provider: string;
  model: string;
  outcome: string;
  message: string;
  seconds: number;
}

/** A tool the model wants called. `sent`: nobody has seen yet what became of it; `open`: it has not begun. */
export interface Call {
  key: string;
  name: string;
  title: string;
  state: "done" | "failed" | "refused" | "sent" | "open";
  arguments: Json;
  /** What the model wrote in the place of arguments. */
  wrong: string;
  result: Json;
  large: LargeValue | null;
  error: RunError | null;
  seconds: number | null;
  approvedBy: string;
  comment: string;
  isEdited: boolean;
}

export interface Turn {
  key: string;
  number: number;
  /** It is still being written. */
  isOpen: boolean;
  text: string;
  reasoning: string;
  calls: Call[];
  model: string;
  provider: string;
  input: number;
  output: number;
  cost: number | null;
  seconds: number | null;
  finish: string;
  notes: string[];
  attempts: Asked[];
  /** The turn itself is too large to be shown. */
  large: LargeValue | null;
}

export interface Trace {
  memories: Remembered[];
  offers: Offered[];
  turns: Turn[];
  totals: { turns: number; calls: number; input: number; output: number; cost: number | null };
}

/** The trace as far as it is known; `writing` is what the turn in flight has written so far, by its key. */
export function traceOf(
  steps: readonly StepRow[],
  writing: Readonly<Record<string, string>> = {},
): Trace | null {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const turns = steps.flatMap((step) => {
    const number = turnNumber(step.key);
    return number === null ? [] : [turnOf(step, number, byKey)];
  });
  for (const [key, text] of Object.entries(writing)) {
    const number = turnNumber(key);
    if (number !== null && !byKey.has(key)) turns.push({ ...EMPTY, key, number, text, isOpen: true });
  }
  turns.sort((a, b) => a.number - b.number);
  const memories = steps.flatMap((step) => (step.key.startsWith("memory:") ? [rememberedOf(step)] : []));
  const offers = steps.flatMap((step) => (step.key.startsWith("offers:") ? [offeredOf(step)] : []));
  if (turns.length + memories.length + offers.length === 0) return null;
  const costs = turns.flatMap(({ cost }) => cost ?? []);
  return {
    memories,
    offers,
    turns,
    totals: {
      turns: turns.length,
      calls: turns.reduce((sum, turn) => sum + turn.calls.length, 0),
      input: turns.reduce((sum, turn) => sum + turn.input, 0),
      output: turns.reduce((sum, turn) => sum + turn.output, 0),
      cost: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    },
  };
}

function turnNumber(key: string): number | null {
  const found = /^turn:(\d+)$/.exec(key);
  return found ? Number(found[1]) : null;
}

const EMPTY: Turn = {
  key: "",
  number: 0,
  isOpen: false,
  text: "",
  reasoning: "",
  calls: [],
  model: "",
  provider: "",
  input: 0,
  output: 0,
  cost: null,
  seconds: null,
  finish: "",
  notes: [],
  attempts: [],
  large: null,
};

function turnOf(step: StepRow, number: number, byKey: ReadonlyMap<string, StepRow>): Turn {
  const { message, usage, cost, model, provider, attempts, seconds, finish, notes } = record(step.result);
  const said = record(message);
  return {
    key: step.key,
    number,
    isOpen: step.state === "STARTED",
    text: textOf(message),
    reasoning: text(said.reasoning),
    calls: list(said.calls).map((call, index) => callOf(`${step.key}/tool:${index}`, record(call), byKey)),
    model: text(model),
    provider: text(provider),
    input: numberOf(record(usage).input) ?? 0,
    output: numberOf(record(usage).output) ?? 0,
    cost: numberOf(cost),
    seconds: numberOf(seconds),
    finish: text(finish),
    notes: list(notes).map(text),
    attempts: list(attempts).map((attempt) => {
      const one = record(attempt);
      return {
        provider: text(one.provider),
        model: text(one.model),
        outcome: text(one.outcome),
        message: text(one.message),
        seconds: numberOf(one.seconds) ?? 0,
      };
    }),
    large: step.large,
  };
}

function callOf(key: string, asked: Record<string, Json>, byKey: ReadonlyMap<string, StepRow>): Call {
  const step = byKey.get(key);
  const done = record(step?.result);
  const answer = record(byKey.get(`${key}/approval`)?.result);
  const isError = isObject(done.error);
  return {
    key,
    name: text(done.name) || text(asked.name),
    title: text(done.title) || text(asked.name),
    state: !step
      ? "open"
      : step.state !== "DONE"
        ? "sent"
        : done.refused === true
          ? "refused"
          : isError
            ? "failed"
            : "done",
    arguments: done.arguments ?? asked.arguments ?? null,
    wrong: text(asked.wrong),
    result: done.result ?? null,
    large: step?.large ?? null,
    error: isError ? (done.error as unknown as RunError) : null,
    seconds: numberOf(done.seconds),
    approvedBy: nameOf(done.approved_by ?? answer.answered_by ?? null),
    comment: text(answer.comment),
    isEdited: done.edited === true,
  };
}

function rememberedOf({ key, result }: StepRow): Remembered {
  const { name, messages } = record(result);
  return {
    key,
    name: text(name) || key.slice("memory:".length),
    messages: list(messages).map((one) => ({ role: text(record(one).role), text: textOf(one) })),
  };
}

function offeredOf({ key, result }: StepRow): Offered {
  const { name, offers } = record(result);
  return {
    key,
    name: text(name) || key.slice("offers:".length),
    functions: list(offers).map((one) => {
      const offer = record(one);
      const called = record(offer.function);
      return {
        name: text(called.name),
        title: text(offer.title) || text(called.name),
        description: text(called.description),
        needsApproval: offer.needs_approval === true,
      };
    }),
  };
}

/** All words of a message; of what is no words, what it is. */
function textOf(message: Json | undefined): string {
  return list(record(message).parts)
    .map((part) => {
      const { kind, text: words, name } = record(part);
      return kind === "text" ? text(words) : `[${text(kind)}${name ? ` ${text(name)}` : ""}]`;
    })
    .join("");
}

const nameOf = (who: Json): string => text(isObject(who) ? (who.label ?? who.name ?? "") : who);
const record = (value: Json | undefined): Record<string, Json> => (isObject(value) ? value : {});
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const numberOf = (value: Json | undefined): number | null => {
  const found = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : null;
};
