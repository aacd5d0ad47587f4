/** Test runs and production runs on the canvas, breakpoints, steps. */

import { create } from "zustand";
import { hideRun, showRun, useCanvas } from "../../canvas/store.ts";
import { type Definition, type Json, type Snapshot, TERMINAL } from "../../canvas/types.ts";
import { ask, Problem } from "../api.ts";
import { useCheck } from "../check/store.ts";
import { useData } from "../data/store.ts";
import { count, difference } from "../document/diff.ts";
import { look, lookAway } from "../looking.ts";
import { reasonOf, say, sayRefused } from "../notices.ts";
import { typeKey, useEditor } from "../store.ts";
import { saved } from "../sync/saving.ts";
import { recall, remember } from "./memory.ts";

/** A trigger of the draft and what it could be given, as `GET workflows/<id>/test-data/` says it. */
export interface TriggerData {
  node_id: string;
  name: string;
  subtype: string;
  icon: string;
  example: Json;
  recorded: { execution_id: string; created_at: string; mode: string; input: Json }[];
}

export interface Shown {
  id: string;
  /** It is drawn over the draft; else its own definition is, which nobody can change. */
  isDraft: boolean;
  /** The version it ran; null: a draft. */
  version: number | null;
  mode: string;
}

/** What the dialog is opened for: everything, or what leads to one node. */
export interface Asked {
  node: string | null;
  isStepping: boolean;
  refusal: string;
}

interface RunState {
  shown: Shown | null;
  isStarting: boolean;
  asked: Asked | null;
  breakpoints: readonly string[];
}

export const useRun = create<RunState>()(() => ({
  shown: null,
  isStarting: false,
  asked: null,
  breakpoints: [],
}));

interface Wanted {
  scope: "all" | "until" | "node";
  node?: string;
  trigger?: string;
  input?: Json;
  /** The published version, for real. */
  isReal?: boolean;
  isStepping?: boolean;
}

const known = () => {
  const { workflow, data } = useEditor.getState();
  return recall(workflow.id, data.me.id);
};

const keep = (change: Partial<ReturnType<typeof known>>): void => {
  const { workflow, data } = useEditor.getState();
  remember(workflow.id, data.me.id, { ...known(), ...change });
};

// ── Testing ──

/** Tests the whole draft with what it was tested with last; asks where that is not known. */
export async function testAll(options: { isStepping?: boolean } = {}): Promise<void> {
  await test({ scope: "all", ...options });
}

/** Tests what leads to a node, and that node. */
export async function testTo(nodeId: string): Promise<void> {
  await test({ scope: "until", node: outermost(nodeId) });
}

/** Tests one node alone, with what is pinned before it or what it was given last. */
export async function testNode(nodeId: string): Promise<void> {
  await start({ scope: "node", node: outermost(nodeId) });
}

/** Asks what to test with. */
export function askFirst(asked: Partial<Asked> = {}): void {
  useRun.setState({ asked: { node: null, isStepping: false, refusal: "", ...asked } });
}

async function test(wanted: Wanted): Promise<void> {
  const triggers = leadingTo(wanted.node ?? null);
  const { trigger: last, inputs } = known();
  const trigger = triggers.find((id) => id === last) ?? (triggers.length === 1 ? triggers[0] : undefined);
  const isDone = trigger !== undefined && trigger in inputs;
  if (isDone) return start({ ...wanted, trigger, ...withInput(inputs[trigger]) });
  useRun.setState({ isStarting: true });
  try {
    const data = await testData();
    const mine = trigger === undefined ? undefined : data.find(({ node_id }) => node_id === trigger);
    // Nothing of it is read, so nothing has to be given.
    if (trigger !== undefined && mine?.example === null) return await start({ ...wanted, trigger });
    askFirst({ node: wanted.node ?? null, isStepping: wanted.isStepping ?? false });
  } catch (error) {
    sayRefused("The test did not start", error);
  } finally {
    useRun.setState({ isStarting: false });
  }
}

const withInput = (input: Json | undefined): { input?: Json } =>
  input === undefined || input === null ? {} : { input };

export function testData(): Promise<TriggerData[]> {
  return ask<TriggerData[]>("GET", `${useEditor.getState().data.api}test-data/`);
}

/** Begins what the dialog was filled with, and keeps it for the next time. Gives the refusal, if there is one. */
export async function testWith(
  asked: Asked,
  given: { trigger: string; input: Json; isReal: boolean; isStepping: boolean },
): Promise<string> {
  const { trigger, input, isReal, isStepping } = given;
  keep({ trigger, inputs: { ...known().inputs, [trigger]: input } });
  const scope = asked.node === null || isReal ? "all" : "until";
  const refusal = await begun({
    scope,
    ...(asked.node === null || isReal ? {} : { node: asked.node }),
    trigger,
    ...withInput(input),
    isReal,
    isStepping,
  });
  if (refusal === null) useRun.setState({ asked: null });
  return refusal === null ? "" : reasonOf(refusal);
}

async function start(wanted: Wanted): Promise<void> {
  const refusal = await begun(wanted);
  if (refusal === null) return;
  const isAboutInput = refusal instanceof Problem && INPUT.has(refusal.code);
  if (isAboutInput && wanted.scope !== "node")
    askFirst({ node: wanted.node ?? null, refusal: reasonOf(refusal) });
  else if (refusal instanceof Problem && refusal.code === "workflows.definition_invalid") {
    // What is wrong stands in the list, each with its way out.
    useCheck.setState({ isOpen: true });
    say("The draft has errors: mend them, then test it.", "warning");
  } else sayRefused("The test did not start", refusal);
}

/** Refusals that another input may mend. */
const INPUT: ReadonlySet<string> = new Set(["executions.input_invalid", "executions.trigger_unclear"]);

/** Starts it and shows it. Gives what was refused, null when it runs. */
async function begun(wanted: Wanted): Promise<unknown> {
  const { scope, node, trigger, input, isReal, isStepping } = wanted;
  const { data } = useEditor.getState();
  useRun.setState({ isStarting: true });
  try {
    if (!isReal) await saved();
    const ids = new Set(useEditor.getState().definition.nodes.map(({ id }) => id));
    const common = { ...(trigger ? { trigger } : {}), ...(input === undefined ? {} : { input }) };
    const started = isReal
      ? await ask<{ id: string }>("POST", `${data.api}execute/`, common)
      : await ask<{ id: string }>("POST", `${data.api}test/`, {
          scope,
          ...common,
          ...(node === undefined ? {} : { node }),
          ...(scope === "node"
            ? {}
            : { breakpoints: useRun.getState().breakpoints.filter((id) => ids.has(id)) }),
          step: isStepping ?? false,
        });
    await show(started.id, isReal ? undefined : true);
    return null;
  } catch (error) {
    return error;
  } finally {
    useRun.setState({ isStarting: false });
  }
}

// ── Showing ──

interface Detail extends Snapshot {
  node_ports: Record<string, string[]>;
}

/**
 * Shows an execution on the canvas, live. One that ran something else than the draft is drawn with what it ran, and
 * nothing can be changed meanwhile; `isDraft` says that it did not. Raises what the server refused.
 */
export async function show(id: string, isDraft?: boolean): Promise<void> {
  const api = `/api/v1/app/executions/${id}/`;
  const { node_ports, ...snapshot } = await ask<Detail>("GET", `${api}?payloads=false`);
  const { definition, data, workflow } = useEditor.getState();
  if (snapshot.workflow_id !== workflow.id) throw new Error("That run is of another workflow.");
  const isSame = isDraft ?? count(difference(snapshot.definition, definition)) === 0;
  if (isSame) await lookAway();
  else await look(snapshot.definition, node_ports);
  showRun({
    snapshot,
    live_url: `/ws/executions/${id}/`,
    api: {
      execution: `${api}?payloads=false`,
      node_run: api,
      events: `${api}events/`,
      iterations: `${api}iterations/`,
      iteration: `${api}node-runs/`,
      steps: `${api}steps/`,
    },
    links: data.may.workflow_execute ? { rerun: `/w/${data.workspace.slug}/executions/${id}/rerun/` } : {},
  });
  const { open } = useEditor.getState();
  if (open !== null) useCanvas.getState().select(open);
  const { version, mode = "production" } = snapshot;
  useRun.setState({ shown: { id, isDraft: isSame, version, mode } });
  setAddress(id);
}

/** Draws the draft at rest again. */
export async function stopShowing(): Promise<void> {
  useRun.setState({ shown: null });
  hideRun();
  setAddress(null);
  await lookAway();
}

/** The page's address names the run that is shown, so that it can be passed on and survives a reload. */
function setAddress(run: string | null): void {
  const url = new URL(location.href);
  if (run === null) url.searchParams.delete("run");
  else url.searchParams.set("run", run);
  history.replaceState(history.state, "", url);
}

// ── Steering ──

const of = (verb: string): string => `/api/v1/app/executions/${useRun.getState().shown?.id ?? ""}/${verb}/`;

async function steer(verb: string, body: unknown, refused: string): Promise<void> {
  try {
    await ask("POST", of(verb), body);
    await useCanvas.getState().reload();
  } catch (error) {
    sayRefused(refused, error);
  }
}

export const cancel = (): Promise<void> => steer("cancel", undefined, "The run was not cancelled");
/** Goes on from a breakpoint: to the next one, or by one node. */
export const goOn = (how: "continue" | "step"): Promise<void> =>
  steer("continue", { how }, "The run did not go on");
export const release = (): Promise<void> => steer("release", undefined, "The run did not go on");

// ── Breakpoints ──

/** Whether a test run stops before these nodes; takes the stop away where all have one. Inside containers none can be. */
export function toggleBreakpoints(nodeIds: readonly string[]): void {
  const { definition } = useEditor.getState();
  const top = new Set(definition.nodes.filter(({ parent }) => !parent).map(({ id }) => id));
  const wanted = nodeIds.filter((id) => top.has(id));
  if (wanted.length === 0) {
    if (nodeIds.length > 0)
      say("A run stops before a container as a whole: put the breakpoint on that.", "info");
    return;
  }
  const now = useRun.getState().breakpoints;
  const isSet = wanted.every((id) => now.includes(id));
  setBreakpoints(isSet ? now.filter((id) => !wanted.includes(id)) : [...new Set([...now, ...wanted])]);
}

export function setBreakpoints(breakpoints: readonly string[]): void {
  useRun.setState({ breakpoints });
  useCanvas.setState(({ data }) => ({ data: { ...data, breakpoints: [...breakpoints] } }));
  keep({ breakpoints: [...breakpoints] });
}

/** Takes up what was left: breakpoints of earlier visits, and the run the page's address names. Call once. */
export function beginRuns(): void {
  const { breakpoints } = known();
  if (breakpoints.length > 0) setBreakpoints(breakpoints);
  const id = new URL(location.href).searchParams.get("run");
  if (id) show(id).catch((error: unknown) => sayRefused("The run cannot be shown", error));
  useCanvas.subscribe(({ snapshot: now }, { snapshot: before }) => {
    if (!now || now === before || now.status === before?.status) return;
    // What nodes gave back counts as known data as soon as a run rests.
    if (TERMINAL.has(now.status) || now.status === "PAUSED" || now.status === "WAITING_FOR_HUMAN")
      void useData.getState().refresh();
  });
}

// ── The draft ──

/** The node itself, or the outermost container it is in: only that can be tested. */
function outermost(nodeId: string): string {
  const parents = new Map(useEditor.getState().definition.nodes.map(({ id, parent }) => [id, parent]));
  const seen = new Set<string>();
  let at = nodeId;
  for (let parent = parents.get(at); parent && !seen.has(at); parent = parents.get(at)) {
    seen.add(at);
    at = parent;
  }
  return at;
}

/** The triggers that are on, of those that lead to `nodeId` where one is named. */
export function leadingTo(nodeId: string | null): string[] {
  const { definition, types } = useEditor.getState();
  const all = definition.nodes.filter((node) => !node.disabled && types.get(typeKey(node))?.is_trigger);
  if (nodeId === null) return all.map(({ id }) => id);
  const before = ancestors(definition, nodeId);
  return all.map(({ id }) => id).filter((id) => before.has(id));
}

function ancestors({ connections }: Definition, nodeId: string): ReadonlySet<string> {
  const found = new Set([nodeId]);
  const todo = [nodeId];
  for (let at = todo.pop(); at !== undefined; at = todo.pop())
    for (const { from, to } of connections)
      if (to === at && !found.has(from)) {
        found.add(from);
        todo.push(from);
      }
  return found;
}
