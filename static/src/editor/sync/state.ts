/** How the draft stands with the server: what is said of it, and what can be done where it could not be saved. */

import { create } from "zustand";
import { Problem, Unreachable } from "../api.ts";
import type { Conflict } from "../document/merge.ts";
import type { Copy } from "./kept.ts";

/**
 * `saved`: the server has everything. `changed`: it is sent in a moment. `saving`: it is on its way. `retrying`: it
 * will be tried again without anybody's doing. `refused`: somebody must do something. `undecided`: others changed the
 * same, and somebody must choose.
 */
export type Phase = "saved" | "changed" | "saving" | "retrying" | "refused" | "undecided";

/** A way out: what its button says, and the name of what it does. */
export interface Way {
  label: string;
  act: "again" | "sign_in" | "reload" | "download" | "save_as_new" | "undo";
}

/** Why a draft is not saved. */
export interface Trouble {
  /** A few words: "no connection". */
  reason: string;
  /** What happened and what to do, in a sentence or two. */
  detail: string;
  /** What exactly is refused, where the server says so. */
  errors: readonly { path: string; message: string }[];
  ways: readonly Way[];
  /** Whether trying again may help by itself. */
  isPassing: boolean;
}

export interface Saving {
  phase: Phase;
  trouble: Trouble | null;
  /** When the server last took a change. */
  savedAt: number | null;
  /** Who last changed the draft from elsewhere, and when. */
  takenOver: { by: string; at: number } | null;
  /** Places that somebody must choose for before anything is saved. */
  conflicts: readonly Conflict[];
  /** Work of an earlier visit that never reached the server. */
  found: Copy | null;
}

/** Who saved, when it was oneself in another tab. */
export const ELSEWHERE = "You elsewhere";

export const useSaving = create<Saving>()(() => ({
  phase: "saved",
  trouble: null,
  savedAt: null,
  takenOver: null,
  conflicts: [],
  found: null,
}));

/** The line of the top bar. */
export function wordsOf({ phase, trouble, conflicts }: Saving): string {
  switch (phase) {
    case "saved":
      return "Draft saved";
    case "changed":
    case "saving":
      return "Saving…";
    case "retrying":
      return `Not saved: ${trouble?.reason ?? "trying again"}`;
    case "refused":
      return `Not saved: ${trouble?.reason ?? "refused"}`;
    case "undecided":
      return conflicts.length === 1
        ? "Not saved: one change to choose"
        : `Not saved: ${conflicts.length} changes to choose`;
  }
}

const AGAIN: Way = { label: "Try again", act: "again" };
const DOWNLOAD: Way = { label: "Download a copy", act: "download" };

/** What a failed request means for the draft. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Unreachable) return passing("no connection", "The server cannot be reached.");
  if (!(error instanceof Problem)) {
    console.error(error);
    return {
      reason: "it could not be sent",
      detail: `The editor failed: ${String(error)}. Undo the last change, or keep a copy and reload.`,
      errors: [],
      ways: [{ label: "Undo the last change", act: "undo" }, DOWNLOAD, AGAIN],
      isPassing: false,
    };
  }
  if (error.status === 429) return passing("too many requests", "The server asks to wait a moment.");
  if (error.status >= 500 || error.status === 408)
    return passing(
      "the server has a problem",
      `The server answered ${error.status}${error.detail ? `: ${error.detail}` : "."}`,
    );
  return { errors: error.errors, isPassing: false, ...refusal(error) };
}

const passing = (reason: string, what: string): Trouble => ({
  reason,
  detail: `${what} Your changes are kept in this tab and are sent as soon as it works again.`,
  errors: [],
  ways: [{ label: "Try now", act: "again" }],
  isPassing: true,
});

function refusal(error: Problem): Pick<Trouble, "reason" | "detail" | "ways"> {
  if (error.status === 401)
    return {
      reason: "you are signed out",
      detail: "Sign in in another tab and come back: your changes are kept here and are saved then.",
      ways: [{ label: "Sign in", act: "sign_in" }, AGAIN],
    };
  if (error.code === "core.csrf_failed")
    return {
      reason: "this page is out of date",
      detail:
        "You have signed in anew since it was opened. Your changes are kept and offered after the reload.",
      ways: [{ label: "Reload", act: "reload" }, DOWNLOAD],
    };
  if (error.status === 403)
    return {
      reason: "you may not change it",
      detail: `${error.message} Ask an owner or admin of the workspace, then try again.`,
      ways: [AGAIN, DOWNLOAD],
    };
  if (error.status === 404 || error.status === 410)
    return {
      reason: "the workflow is gone",
      detail:
        "Somebody deleted it, or you can no longer see it. What you drew can be kept as a workflow of its own.",
      ways: [{ label: "Save as new workflow", act: "save_as_new" }, DOWNLOAD],
    };
  if (error.status === 413)
    return {
      reason: "the draft is too large",
      detail: `${error.message} Pinned outputs and long texts take the most space.`,
      ways: [{ label: "Undo the last change", act: "undo" }, DOWNLOAD, AGAIN],
    };
  return {
    reason: "the server refused it",
    detail: error.message,
    ways: [{ label: "Undo the last change", act: "undo" }, DOWNLOAD, AGAIN],
  };
}
