import { duration } from "../app/words.ts";
import type { Tally } from "./scope.ts";
import type { ExecutionStatus, NodeRun, NodeState, RunError, Wait } from "./types.ts";

export type Tone = "running" | "human" | "waiting" | "success" | "error" | "review" | "neutral" | "none";

/** How a node looks and reads in a run: one tone, one icon, one word, and the card's second line in two parts. */
export interface NodeView {
  state: NodeState | "IDLE";
  tone: Tone;
  icon: string;
  word: string;
  /** The figure, in the tone's colour. */
  lead: string;
  /** What stands beside it, in grey. */
  rest: string;
  isLive: boolean;
  /** How far it says it is, from 0 to 1. */
  share?: number;
  /** It did not run here: its result was taken over from another run, or given. */
  isKept?: boolean;
}

export const IDLE: NodeView = {
  state: "IDLE",
  tone: "none",
  icon: "",
  word: "",
  lead: "",
  rest: "",
  isLive: false,
};

const ORDINAL: Record<string, string> = { one: "st", two: "nd", few: "rd", other: "th" };
const plural = new Intl.PluralRules("en", { type: "ordinal" });
export const ordinal = (number: number): string => `${number}${ORDINAL[plural.select(number)] ?? "th"}`;

const moment = (text: string | null | undefined): number | null => {
  if (!text) return null;
  const value = Date.parse(text);
  return Number.isNaN(value) ? null : value;
};

export const startOf = (run: NodeRun): number | null => moment(run.started_at);
export const endOf = (run: NodeRun, now: number): number => moment(run.finished_at) ?? now;

/** How long a node run took or has been going, in milliseconds; null before it began. */
export function lengthOf(run: NodeRun, now: number): number | null {
  const start = startOf(run);
  return start === null ? null : Math.max(0, endOf(run, now) - start);
}

/** A length on a card: above a minute only its largest unit, "14 min" of "14 min 35 s". */
function onCard(ms: number): string {
  const text = duration(ms);
  return ms < 60_000 ? text : text.split(" ").slice(0, 2).join(" ");
}

/** The last part of an error's code in words: "http.timed_out" reads "timed out". */
export function errorWord(code: string): string {
  return (code.split(".").at(-1) ?? code).replaceAll("_", " ");
}

/** Codes whose last part alone says too little. */
const ERROR_WORDS: Record<string, string> = {
  "http.status": "HTTP error",
  "expressions.failed": "Expression error",
};

/** An error in a word or two, by its code alone: live changes carry no more, and a card must not change its words. */
export function errorLabel(error: RunError): string {
  return ERROR_WORDS[error.code] ?? errorWord(error.code);
}

/** A wait's colour and icon: a person's, a doubt, or a wait for a moment, a call, an event, another run. */
export function waitLook(kind: string | undefined): { tone: Tone; icon: string } {
  if (kind === "review") return { tone: "review", icon: "circle-alert" };
  if (kind === undefined || kind === "human") return { tone: "human", icon: "hand" };
  return { tone: "waiting", icon: "hourglass" };
}

/** What a wait that is no person's waits for, as a card says it. */
const AWAITED: Record<string, string> = {
  callback: "for a call",
  event: "for an event",
  child: "for its run",
};

function clock(text: string): string {
  return new Date(text).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: globalThis.document?.documentElement.dataset.zone || undefined,
  });
}

/** What a node run's view needs besides itself. */
export interface Around {
  /** What it belongs to is over: what has not begun never will. */
  isOver: boolean;
  wait?: Wait | undefined;
}

function notYet(isOver: boolean): NodeView {
  const word = isOver ? "Not reached" : "Not yet";
  return { state: "PENDING", tone: "none", icon: "circle", word, lead: "", rest: word, isLive: false };
}

/** The view of a node run. `hasOutcomes`: the node has several ports, so the one it left by is worth saying. */
export function viewOf(
  run: NodeRun | undefined,
  { isOver, wait }: Around,
  now: number,
  hasOutcomes: boolean,
): NodeView {
  if (!run || run.state === "PENDING") return notYet(isOver);
  const length = lengthOf(run, now);
  const took = length === null ? "" : onCard(length);
  const code = run.error ? errorLabel(run.error) : "";
  const view = (
    tone: Tone,
    icon: string,
    word: string,
    lead: string,
    rest: string,
    isLive = false,
  ): NodeView => ({
    state: run.state,
    tone,
    icon,
    word,
    lead,
    rest,
    isLive,
  });
  switch (run.state) {
    case "RUNNING":
      return {
        ...view("running", "loader-circle", "Running", took, amount(run) || tries(run) || "Running", true),
        ...(run.progress?.total ? { share: Math.min(1, run.progress.done / run.progress.total) } : {}),
      };
    case "RETRYING":
      return view("running", "rotate-cw", "Retrying", took, tries(run) || "Retrying", true);
    case "WAITING_INPUT": {
      if (waitLook(wait?.kind).tone !== "waiting")
        return view("human", "hand", "Waiting for a person", took, "Asked", true);
      const until = AWAITED[wait?.kind ?? ""] ?? (wait?.wake_at ? `until ${clock(wait.wake_at)}` : "Waiting");
      return view("waiting", "hourglass", "Waiting", took, until, true);
    }
    case "NEEDS_REVIEW":
      return view("review", "circle-alert", "Needs review", "Sent?", "Ask");
    case "COMPLETED": {
      const again = run.attempt > 1 ? `${ordinal(run.attempt)} try` : "";
      if (run.kept_from)
        return {
          ...view("success", "history", "Kept", "", hasOutcomes ? (run.port ?? "") : "Kept"),
          isKept: true,
        };
      return view("success", "circle-check", "Success", took, again || (hasOutcomes ? (run.port ?? "") : ""));
    }
    case "FAILED":
      return view(
        "error",
        "circle-x",
        "Failed",
        run.attempt > 1 ? `${run.attempt} tries` : took,
        code || "Failed",
      );
    case "CANCELED":
      return view("neutral", "ban", "Cancelled", took, "Cancelled");
    case "SKIPPED":
      return view("none", "circle-slash", "Skipped", "", "Skipped");
  }
}

/** "40 of 100", or "40" when nobody knows of how many. */
function amount({ progress }: NodeRun): string {
  if (!progress) return "";
  return progress.total === null
    ? figure(progress.done)
    : `${figure(progress.done)} of ${figure(progress.total)}`;
}

function tries(run: NodeRun): string {
  if (run.attempt < 2 && run.state !== "RETRYING") return "";
  const next = run.state === "RETRYING" ? run.attempt + 1 : run.attempt;
  return run.max_attempts ? `try ${next} of ${run.max_attempts}` : `${ordinal(next)} try`;
}

/** The view of a node's runs in all iterations together: where most people would look first comes first. */
export function viewOfTally(tally: Tally, isOver: boolean): NodeView {
  const say = (count: number, word: string): string => (count ? `${figure(count)} ${word}` : "");
  const over = [say(tally.failed, "failed"), say(tally.done, "done"), say(tally.skipped, "skipped")];
  const view = (state: NodeState, tone: Tone, icon: string, word: string, lead: string): NodeView => ({
    state,
    tone,
    icon,
    word,
    lead,
    rest: over.filter((part) => part && part !== lead)[0] ?? "",
    isLive: false,
  });
  if (tally.asked)
    return view("WAITING_INPUT", "human", "hand", "Waiting for a person", say(tally.asked, "asked"));
  if (tally.review)
    return view("NEEDS_REVIEW", "review", "circle-alert", "Needs review", say(tally.review, "to review"));
  if (tally.running)
    return view("RUNNING", "running", "loader-circle", "Running", say(tally.running, "running"));
  if (tally.waiting)
    return view("WAITING_INPUT", "waiting", "hourglass", "Waiting", say(tally.waiting, "waiting"));
  if (tally.failed) return view("FAILED", "error", "circle-x", "Failed", say(tally.failed, "failed"));
  if (tally.done) return view("COMPLETED", "success", "circle-check", "Success", say(tally.done, "done"));
  if (tally.canceled)
    return view("CANCELED", "neutral", "ban", "Cancelled", say(tally.canceled, "cancelled"));
  if (tally.skipped) return view("SKIPPED", "none", "circle-slash", "Skipped", say(tally.skipped, "skipped"));
  return notYet(isOver);
}

/** A count as people write it: 9,998. */
export const figure = (count: number): string => count.toLocaleString("en");

export type EdgeState = "rest" | "taken" | "running" | "idle" | "off" | "failed";

/** How a connection looks in a run, from the runs at its two ends. */
export function edgeState(
  source: NodeRun | undefined,
  port: string,
  target: NodeRun | undefined,
  condition?: string | null,
): EdgeState {
  if (!source) return "idle";
  if (condition && source.unmet?.includes(condition)) return "off";
  switch (source.state) {
    case "COMPLETED": {
      if (source.port !== port && !source.also?.includes(port) && source.port != null) return "off";
      const isGoing = target?.state === "RUNNING" || target?.state === "RETRYING";
      return isGoing ? "running" : "taken";
    }
    case "FAILED":
      return port === "error" || source.port === port ? "failed" : "off";
    case "SKIPPED":
    case "CANCELED":
      return "off";
    default:
      return "idle";
  }
}

/** How a connection looks in all iterations together. */
export function edgeOfTallies(source: Tally, port: string, target: Tally, isOnlyPort: boolean): EdgeState {
  const taken = isOnlyPort ? source.done : (source.ports[port] ?? 0);
  if (taken > 0) return target.running > 0 ? "running" : port === "error" ? "failed" : "taken";
  const isOpen = source.running + source.waiting + source.asked + source.review > 0;
  const isOver = source.done + source.failed + source.skipped + source.canceled > 0;
  return isOpen || !isOver ? "idle" : "off";
}

export const STATUS_WORDS: Record<ExecutionStatus, string> = {
  NEW: "Starting",
  RUNNING: "Running",
  WAITING: "Waiting",
  WAITING_FOR_HUMAN: "Waiting for a person",
  PAUSED: "Paused",
  SUCCESS: "Success",
  ERROR: "Failed",
  CANCELED: "Cancelled",
  TIMED_OUT: "Timed out",
};

/** How an execution's status looks. */
export const STATUS_LOOKS: Record<ExecutionStatus, { tone: Tone; icon: string }> = {
  NEW: { tone: "running", icon: "loader-circle" },
  RUNNING: { tone: "running", icon: "loader-circle" },
  WAITING: { tone: "waiting", icon: "hourglass" },
  WAITING_FOR_HUMAN: { tone: "human", icon: "hand" },
  PAUSED: { tone: "neutral", icon: "pause" },
  SUCCESS: { tone: "success", icon: "circle-check" },
  ERROR: { tone: "error", icon: "circle-x" },
  CANCELED: { tone: "neutral", icon: "ban" },
  TIMED_OUT: { tone: "error", icon: "circle-x" },
};

export interface LegendEntry {
  word: string;
  icon: string;
  tone: Tone;
  count: number;
}

/** The counts of the legend, in the order of a run's life; states nobody is in are left out. */
export function legend(views: Iterable<NodeView>): LegendEntry[] {
  const order: [string, string, Tone, (view: NodeView) => boolean][] = [
    ["Done", "circle-check", "success", (view) => view.state === "COMPLETED"],
    ["Running", "loader-circle", "running", (view) => view.tone === "running"],
    ["Waiting for a person", "hand", "human", (view) => view.tone === "human"],
    ["Waiting", "hourglass", "waiting", (view) => view.tone === "waiting"],
    ["Needs review", "circle-alert", "review", (view) => view.state === "NEEDS_REVIEW"],
    ["Failed", "circle-x", "error", (view) => view.state === "FAILED"],
    ["Cancelled", "ban", "neutral", (view) => view.state === "CANCELED"],
    ["Not yet", "circle", "none", (view) => view.state === "PENDING" && view.word === "Not yet"],
    ["Not reached", "circle", "none", (view) => view.state === "PENDING" && view.word === "Not reached"],
    ["Skipped", "circle-slash", "none", (view) => view.state === "SKIPPED"],
  ];
  const all = [...views];
  return order
    .map(([word, icon, tone, belongs]) => ({ word, icon, tone, count: all.filter(belongs).length }))
    .filter((entry) => entry.count > 0);
}
