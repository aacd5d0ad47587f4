/** What the lint says: whether its list is open, and which warnings this person does not want to see. */

import { create } from "zustand";
import type { Finding, Fix } from "../../canvas/types.ts";
import { applied } from "../document/fixes.ts";
import { say } from "../notices.ts";
import { useEditor } from "../store.ts";

interface CheckState {
  isOpen: boolean;
  /** Warnings that are not to be shown, by what they say of which node. */
  hidden: readonly string[];
}

export const useCheck = create<CheckState>()(() => ({ isOpen: false, hidden: [] }));

export const keyOfFinding = ({ code, node_id, message }: Finding): string => `${code} ${node_id} ${message}`;

/** Errors first, without the warnings this person hid. */
export function shownOf(findings: readonly Finding[], hidden: readonly string[]): readonly Finding[] {
  return findings.filter((one) => one.severity === "error" || !hidden.includes(keyOfFinding(one)));
}

/** Does what the server offers to do about a finding; can be undone like any other edit. */
export function mend(fix: Fix): void {
  const before = useEditor.getState().definition;
  useEditor.getState().edit(fix.title, (now) => applied(now, fix.edits));
  const { definition } = useEditor.getState();
  if (definition === before) say("Nothing was changed: the draft is different by now.", "info");
}

/** Leads to what a finding is about: its node, and there the field. */
export function goTo(finding: Finding): void {
  if (!finding.node_id) return;
  useEditor.getState().show(finding.node_id);
  // The panel of the node has to be drawn first; it listens from then on.
  const place = finding.path.replace(/^nodes\[\d+\]\.?/, "");
  setTimeout(() => {
    document.dispatchEvent(
      new CustomEvent("editor:field", { detail: { nodeId: finding.node_id, place: place || "params" } }),
    );
  }, 60);
}

// ── Hidden warnings ──

const store = (): string => {
  const { workflow, data } = useEditor.getState();
  return `agentflow.hidden.${data.me.id}.${workflow.id}`;
};

function keep(hidden: readonly string[]): void {
  useCheck.setState({ hidden });
  try {
    localStorage.setItem(store(), JSON.stringify(hidden));
  } catch {
    // A full or forbidden storage: it is hidden until the page is left.
  }
}

export const hide = (finding: Finding): void =>
  keep([...new Set([...useCheck.getState().hidden, keyOfFinding(finding)])].slice(-200));

export const showHidden = (): void => keep([]);

/** Takes up which warnings were hidden. Call once. */
export function beginCheck(): void {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(store()) ?? "[]");
    if (Array.isArray(found)) useCheck.setState({ hidden: found.filter((one) => typeof one === "string") });
  } catch {
    // What cannot be read was never hidden.
  }
}
