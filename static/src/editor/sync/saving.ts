/**
 * Autosave. What is on the screen goes to the server 400 ms after the last change, one request at a time. What others
 * saved meanwhile is taken over first; where both changed the same, somebody chooses before anything is sent.
 */

import type { Definition, Finding, Json } from "../../canvas/types.ts";
import { ask, Problem } from "../api.ts";
import { type Apart, UNTOUCHED } from "../document/apart.ts";
import { stillOpen, takingTheirs } from "../document/choices.ts";
import { nodeOf } from "../document/edits.ts";
import type { Step } from "../document/history.ts";
import { type Conflict, isSame, merge } from "../document/merge.ts";
import { type EditorState, useEditor } from "../store.ts";
import type { WorkflowInfo } from "../types.ts";
import { forget, keep, keptOf } from "./kept.ts";
import { type Saving, troubleOf, useSaving } from "./state.ts";

const PAUSE = 400;
/** Somebody who types on and on is saved so often at least. */
const LONGEST = 3_000;
const KEEP_AFTER = 150;
const GIVE_UP = 30_000;
const LOOK_AFTER = 700;
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
/** So long at most it is waited because the server asks for it. */
const LONGEST_WAIT = 120_000;
/** What browsers send for a page that is being left, in bytes. */
const LAST_WORDS = 60_000;

interface Answer {
  draft_revision: number;
  updated_at: string;
  has_unpublished_changes: boolean;
  findings: Finding[];
  node_ports: Record<string, string[]>;
}

interface Newest extends Omit<WorkflowInfo, "version"> {
  definition: Definition;
  version: { number: number } | null;
}

/** Why `saved` cannot say yes yet: others changed the same places. */
export class Undecided extends Error {
  constructor() {
    super("Somebody else changed the same. Choose what shall be kept first.");
  }
}

let pause: ReturnType<typeof setTimeout> | undefined;
let keeping: ReturnType<typeof setTimeout> | undefined;
let dirtySince = 0;
let tries = 0;
let working: Promise<void> | undefined;
/** Somebody waits for it: what is changed meanwhile is sent without a pause. */
let isUrgent = false;
/** The newest revision that is known of; the draft is behind as long as its own is lower. */
let newest = 0;
/** Who saved it, if they are known. */
let newestBy = "";
/** What was sent without an answer: nobody knows whether it arrived. */
let unanswered: Definition | null = null;
let looking: ReturnType<typeof setTimeout> | undefined;
let mustLook = false;

const json = (value: object | null): Json => value as unknown as Json;

const set = (change: Partial<Saving>): void => useSaving.setState(change);

export function isUnsaved(): boolean {
  const { definition, saved } = useEditor.getState();
  return definition !== saved && !isSame(json(definition), json(saved));
}

/** Resolves when the server has everything that is on the screen. Raises what it refused, `Undecided`, `Unreachable`. */
export async function saved(): Promise<void> {
  do {
    isUrgent = true;
    await work();
  } while (isUnsaved());
}

/** Tries at once, whatever stood in the way. What stands in the way still is shown, not raised. */
export function saveNow(): void {
  tries = 0;
  isUrgent = true;
  work().catch(() => undefined);
}

/** Others saved this revision: takes it over, unless it is here already. */
export function catchUp(revision: number, by = ""): void {
  if (revision > newest && by) newestBy = by;
  newest = Math.max(newest, revision);
  if (isBehind()) work().catch(() => undefined);
}

/** Chooses for conflicts: theirs or mine. With the last of them the draft is saved. */
export function decide(chosen: readonly Conflict[], side: "mine" | "theirs"): void {
  const rest = useSaving.getState().conflicts.filter((one) => !chosen.includes(one));
  set({ conflicts: rest });
  if (side === "theirs")
    useEditor
      .getState()
      .edit(chosen.length === 1 ? "Take over a change" : "Take over changes", (now) =>
        takingTheirs(now, chosen),
      );
  if (rest.length > 0) return;
  set({ phase: isUnsaved() ? "changed" : "saved" });
  if (!isUnsaved()) forgetCopy();
  saveNow();
}

/** Puts work of an earlier visit back onto what the draft is now. */
export function restoreFound(): void {
  const { found } = useSaving.getState();
  if (!found) return;
  const { definition: theirs } = useEditor.getState();
  const merged = merge(found.base, found.definition, theirs);
  const conflicts = stillOpen(found.conflicts, merged.conflicts, merged.definition, theirs);
  set({ found: null, conflicts, ...(conflicts.length > 0 ? { phase: "undecided" } : {}) });
  useEditor.getState().edit("Restore unsaved changes", () => merged.definition);
}

export function discardFound(): void {
  set({ found: null });
  forgetCopy();
}

/** Begins to save. Call once, after the page's data is in the store. */
export function startSaving(): void {
  const { data, definition, workflow } = useEditor.getState();
  newest = workflow.draft_revision;
  const copy = keptOf(workflow.id, data.me.id);
  if (copy && !isSame(json(copy.definition), json(definition))) set({ found: copy });
  else forgetCopy();
  useEditor.subscribe((now, before) => {
    if (now.definition !== before.definition || now.saved !== before.saved) changed();
  });
  window.addEventListener("online", saveNow);
  window.addEventListener("focus", () => {
    if (useSaving.getState().trouble) saveNow(); // they may have signed in elsewhere
  });
  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved() && !sendLast()) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    if (!isUnsaved()) return;
    keepCopy();
    sendLast();
  });
}

function changed(): void {
  const { phase, found } = useSaving.getState();
  if (!isUnsaved()) {
    dirtySince = 0;
    if (!working && phase !== "undecided") {
      clearTimeout(pause);
      set({ phase: "saved", trouble: null });
      if (!found) forgetCopy();
    }
    return;
  }
  clearTimeout(keeping);
  if (!found) keeping = setTimeout(keepCopy, KEEP_AFTER);
  if (phase === "undecided" || phase === "retrying") return;
  const now = Date.now();
  dirtySince ||= now;
  if (phase !== "saving") set({ phase: "changed" });
  later(Math.max(0, Math.min(PAUSE, dirtySince + LONGEST - now)));
}

function later(wait: number): void {
  clearTimeout(pause);
  pause = setTimeout(() => work().catch(() => undefined), wait);
}

const isMoved = (error: unknown): boolean =>
  error instanceof Problem && error.code === "workflows.draft_conflict";

const isBehind = (): boolean => newest > useEditor.getState().workflow.draft_revision;

/** Does what there is to do, one thing after the other; whoever asks meanwhile waits for the same. */
function work(): Promise<void> {
  clearTimeout(pause);
  working ??= workOff().finally(() => {
    working = undefined;
    isUrgent = false;
  });
  return working;
}

async function workOff(): Promise<void> {
  // Whoever asks within the very call that changed something shall find it in flight.
  await Promise.resolve();
  try {
    for (;;) {
      if (isBehind()) await takeNewest();
      else if (!isUnsaved() && mustLook) await look();
      else if (!isUnsaved()) break;
      else if (useSaving.getState().conflicts.length > 0) throw new Undecided();
      else {
        await put();
        if (isUnsaved() && !isBehind() && !isUrgent) {
          set({ phase: "changed" });
          later(PAUSE);
          return;
        }
      }
      tries = 0;
    }
    if (useSaving.getState().conflicts.length > 0) set({ phase: "undecided", trouble: null });
    else settled();
  } catch (error) {
    failed(error);
    throw error;
  }
}

async function put(): Promise<void> {
  set({ phase: "saving" });
  const { data, definition, workflow } = useEditor.getState();
  dirtySince = 0;
  let answer: Answer;
  try {
    const body = { definition, draft_revision: workflow.draft_revision };
    answer = await ask<Answer>("PUT", `${data.api}draft/`, body, AbortSignal.timeout(GIVE_UP));
  } catch (error) {
    if (!(error instanceof Problem)) unanswered ??= definition;
    if (!isMoved(error)) throw error;
    newest = Math.max(newest, workflow.draft_revision + 1);
    return;
  }
  unanswered = null;
  mustLook = false;
  newest = Math.max(newest, answer.draft_revision);
  const { draft_revision, updated_at, has_unpublished_changes } = answer;
  useEditor.setState((now) => ({
    saved: definition,
    workflow: { ...now.workflow, draft_revision, updated_at, has_unpublished_changes },
    findings: answer.findings,
    nodePorts: answer.node_ports,
  }));
  set({ savedAt: Date.now(), trouble: null });
}

/** Takes over what the server has now, around what was changed here. */
async function takeNewest(): Promise<void> {
  const { data, saved: base, definition: mine } = useEditor.getState();
  const answer = await ask<Newest>("GET", data.api, undefined, AbortSignal.timeout(GIVE_UP));
  const { definition: theirs, version, ...workflow } = answer;
  const now = useEditor.getState();
  const ground = unanswered && hasArrived(base, unanswered, theirs) ? unanswered : base;
  unanswered = null;
  const merged = merge(ground, now.definition, theirs);
  newest = workflow.draft_revision;
  useEditor.setState({
    saved: theirs,
    workflow: { ...now.workflow, ...infoOf(workflow), version: version?.number ?? null },
  });
  if (merged.definition !== now.definition || merged.conflicts.length > 0) {
    now.takeOver(merged.definition);
    if (merged.carry !== UNTOUCHED.carry) follow(now, merged);
    set({ takenOver: { by: newestBy, at: Date.now() } });
  }
  const conflicts = stillOpen(useSaving.getState().conflicts, merged.conflicts, merged.definition, theirs);
  set({ conflicts, trouble: null });
  if (mine !== base || conflicts.length > 0) keepCopy();
  // What they drew has findings and outcomes of its own. They are asked for once the others pause.
  clearTimeout(looking);
  looking = setTimeout(() => {
    mustLook = true;
    work().catch(() => undefined);
  }, LOOK_AFTER);
}

/** Whether what was sent without an answer is part of what the server has: then it is common ground. */
function hasArrived(base: Definition, sent: Definition, theirs: Definition): boolean {
  if (isSame(json(sent), json(theirs))) return true;
  const added = sent.nodes.filter(({ id }) => !nodeOf(base, id));
  return added.length > 0 && added.every((node) => isSame(json(node), json(nodeOf(theirs, node.id) ?? null)));
}

/** What was chosen, opened and done before goes on meaning the same things by the ids and names they have now. */
function follow({ selection, open, history }: EditorState, { ids, carry }: Apart): void {
  const now = (id: string): string => ids.get(id) ?? id;
  const step = (one: Step): Step => ({ ...one, before: carry(one.before), after: carry(one.after) });
  useEditor.setState({
    selection: {
      ...selection,
      nodes: new Set([...selection.nodes].map(now)),
      annotations: new Set([...selection.annotations].map(now)),
    },
    open: open === null ? null : now(open),
    history: { past: history.past.map(step), future: history.future.map(step) },
  });
}

/** Asks for the findings and outcomes of what is on the screen. */
async function look(): Promise<void> {
  mustLook = false;
  const { data, definition, workflow } = useEditor.getState();
  const body = { definition, draft_revision: workflow.draft_revision };
  try {
    const answer = await ask<Answer>("PUT", `${data.api}draft/`, body, AbortSignal.timeout(GIVE_UP));
    newest = Math.max(newest, answer.draft_revision);
    useEditor.setState({ findings: answer.findings, nodePorts: answer.node_ports });
  } catch (error) {
    if (!isMoved(error)) throw error;
    newest = Math.max(newest, workflow.draft_revision + 1);
  }
}

function infoOf(given: Omit<Newest, "definition" | "version">): Omit<WorkflowInfo, "version"> {
  const { id, name, description, status, draft_revision, updated_at, has_unpublished_changes } = given;
  return { id, name, description, status, draft_revision, updated_at, has_unpublished_changes };
}

function settled(): void {
  dirtySince = 0;
  set({ phase: "saved", trouble: null });
  if (!useSaving.getState().found) forgetCopy();
}

function failed(error: unknown): void {
  keepCopy();
  if (error instanceof Undecided) {
    set({ phase: "undecided", trouble: null });
    return;
  }
  const trouble = troubleOf(error);
  set({ phase: trouble.isPassing ? "retrying" : "refused", trouble });
  const asked = error instanceof Problem && error.wait !== null ? error.wait * 1_000 : 0;
  const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** tries++);
  if (trouble.isPassing) later(Math.max(wait, Math.min(asked, LONGEST_WAIT)));
}

function keepCopy(): void {
  clearTimeout(keeping);
  if (!isUnsaved() && useSaving.getState().conflicts.length === 0) return;
  const { data, definition, saved: base, workflow } = useEditor.getState();
  const { conflicts } = useSaving.getState();
  const copy = { at: Date.now(), revision: workflow.draft_revision, base, definition, conflicts };
  keep(workflow.id, data.me.id, copy);
}

function forgetCopy(): void {
  clearTimeout(keeping);
  const { data, workflow } = useEditor.getState();
  forget(workflow.id, data.me.id);
}

/** Sends what is unsaved although the page goes. Says whether it could be handed over to the browser. */
function sendLast(): boolean {
  if (useSaving.getState().phase !== "changed" || working) return false;
  const { data, definition, workflow } = useEditor.getState();
  const body = { definition, draft_revision: workflow.draft_revision };
  if (new Blob([JSON.stringify(body)]).size > LAST_WORDS) return false;
  ask("PUT", `${data.api}draft/`, body, undefined, true).catch(() => undefined);
  return true;
}
