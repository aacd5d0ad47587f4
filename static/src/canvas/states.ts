import { duration } from "../app/words.ts";
import {
  ENDED,
  type ExecutionStatus,
  type NodeRun,
  type NodeState,
  type RunError,
  type Snapshot,
  TERMINAL,
  type Wait,
} from "./types.ts";

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
const ERROR_WORDS: Record<string, string> = { "http.status": "HTTP error" };

/** An error in a word or two, by its code alone: live changes carry no more, and a card must not change its words. */
export function errorLabel(error: RunError): string {
  return ERROR_WORDS[error.code] ?? errorWord(error.code);
}

export function openWait(snapshot: Snapshot, nodeId: string): Wait | undefined {
  return snapshot.waits.find((wait) => wait.node_id === nodeId && wait.resolved_at === null);
}

/** A wait's colour and icon. What is no timer waits for a person. */
export function waitLook(kind: string | undefined): { tone: Tone; icon: string } {
  if (kind === "timer") return { tone: "waiting", icon: "hourglass" };
  if (kind === "review") return { tone: "review", icon: "circle-alert" };
  return { tone: "human", icon: "hand" };
}

function clock(text: string): string {
  return new Date(text).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** The view of a node run. `hasOutcomes`: the node has several ports, so the one it left by is worth saying. */
export function viewOf(
  run: NodeRun | undefined,
  snapshot: Snapshot,
  now: number,
  hasOutcomes: boolean,
): NodeView {
  if (!run || run.state === "PENDING") {
    const isOver = TERMINAL.has(snapshot.status);
    return {
      state: "PENDING",
      tone: "none",
      icon: "circle",
      word: isOver ? "Not reached" : "Not yet",
      lead: "",
      rest: isOver ? "Not reached" : "Not yet",
      isLive: false,
    };
  }
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
      return view("running", "loader-circle", "Running", took, tries(run) || "Running", true);
    case "RETRYING":
      return view("running", "rotate-cw", "Retrying", took, tries(run) || "Retrying", true);
    case "WAITING_INPUT": {
      const wait = openWait(snapshot, run.node_id);
      if (waitLook(wait?.kind).tone !== "waiting")
        return view("human", "hand", "Waiting for a person", took, "Asked", true);
      const until = wait?.wake_at ? `until ${clock(wait.wake_at)}` : "Waiting";
      return view("waiting", "hourglass", "Waiting", took, until, true);
    }
    case "NEEDS_REVIEW":
      return view("review", "circle-alert", "Needs review", "Sent?", "Ask");
    case "COMPLETED": {
      const again = run.attempt > 1 ? `${ordinal(run.attempt)} try` : "";
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

function tries(run: NodeRun): string {
  if (run.attempt < 2 && run.state !== "RETRYING") return "";
  const next = run.state === "RETRYING" ? run.attempt + 1 : run.attempt;
  return run.max_attempts ? `try ${next} of ${run.max_attempts}` : `${ordinal(next)} try`;
}

/** The node run that stands for a node on the canvas: the latest of its paths. */
export function runOf(snapshot: Snapshot, nodeId: string): NodeRun | undefined {
  let latest: NodeRun | undefined;
  for (const run of snapshot.node_runs) {
    if (run.node_id !== nodeId) continue;
    if (!latest || !ENDED.has(run.state) || (startOf(run) ?? 0) >= (startOf(latest) ?? 0)) latest = run;
    if (run.path === "") return run;
  }
  return latest;
}

export type EdgeState = "rest" | "taken" | "running" | "idle" | "off" | "failed";

/** How a connection looks in a run, from the runs at its two ends. */
export function edgeState(source: NodeRun | undefined, port: string, target: NodeRun | undefined): EdgeState {
  if (!source) return "idle";
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
    ["Running", "loader-circle", "running", (view) => view.state === "RUNNING" || view.state === "RETRYING"],
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
