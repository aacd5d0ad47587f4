import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { isAttachment } from "../../canvas/docking.ts";
import { Icon, Tile } from "../../canvas/Icon.tsx";
import type { Finding, NodeDocument, NodeTypeEntry } from "../../canvas/types.ts";
import { useIsNarrow } from "../../canvas/windowed.ts";
import { setNode } from "../document/edits.ts";
import { RunTab, useHasRun } from "../run/RunTab.tsx";
import { StartsTab } from "../run/StartsTab.tsx";
import { testNode, testTo, useRun } from "../run/store.ts";
import { typeKey, useEditor } from "../store.ts";
import { Divider } from "./Divider.tsx";
import { Input } from "./data/Input.tsx";
import { Output } from "./data/Output.tsx";
import { useDock } from "./dock.ts";
import { focusField } from "./focus.ts";
import { Prose } from "./form/Help.tsx";
import { placeOf } from "./form/problems.ts";
import { Name } from "./Name.tsx";
import { NodeForm } from "./NodeForm.tsx";
import { SETTINGS_NAMES, SettingsTab } from "./SettingsTab.tsx";

type TabName = "Starts" | "Run" | "Input" | "Parameters" | "Output" | "Settings" | "Notes";
const TABS: readonly TabName[] = ["Parameters", "Settings", "Notes"];
const SETTINGS: ReadonlySet<string> = new Set(SETTINGS_NAMES);
/** On a phone what is beside the form elsewhere has tabs of its own. */
const NARROW: readonly TabName[] = ["Input", "Parameters", "Output", "Settings", "Notes"];

/** Escape leads back to the canvas. */
export function toCanvas(event: KeyboardEvent): void {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.stopPropagation();
  const { open } = useEditor.getState();
  const card =
    open && document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(open)}"]`);
  (card || document.querySelector<HTMLElement>(".editor-surface"))?.focus();
}

/** The node that is open: what comes in, how it is set up, what goes out. */
export function Panel({ nodeId }: { nodeId: string }) {
  const node = useEditor((state) => state.definition.nodes.find(({ id }) => id === nodeId));
  const entry = useEditor((state) => (node ? state.types.get(typeKey(node)) : undefined));
  const all = useEditor((state) => state.findings);
  const isLocked = useEditor((state) => state.isLocked);
  const isNarrow = useIsNarrow();
  const height = useDock((state) => state.height);
  const isFolded = useDock((state) => state.isFolded) && !isNarrow;
  const [tab, setTab] = useState<TabName>("Parameters");
  const section = useRef<HTMLElement>(null);
  const hasRun = useHasRun(nodeId);
  useEffect(() => {
    const goTo = (event: Event): void => {
      const { nodeId: id, place } = (event as CustomEvent<{ nodeId: string; place: string }>).detail;
      if (id !== nodeId) return;
      useDock.getState().fold(false);
      setTab(tabAt(place));
      focusField(place);
    };
    document.addEventListener("editor:field", goTo);
    return () => document.removeEventListener("editor:field", goTo);
  }, [nodeId]);
  useEffect(() => section.current?.style.setProperty("--panel-height", `${height}px`), [height]);
  if (!node) return null;
  const findings = all.filter((finding) => finding.node_id === nodeId);
  const isReadOnly = isLocked || isNarrow;
  const shown = tab === "Run" && !hasRun ? "Parameters" : tab;
  // What hangs on an agent sees what that one sees, and gives its answers to the model.
  const isHanging = isAttachment(node);
  const columns = isNarrow ? 1 : isHanging ? "hanging" : entry?.is_trigger ? 2 : 3;
  return (
    <section
      ref={section}
      className="editor-panel node-panel"
      aria-label={node.name}
      data-folded={isFolded || undefined}
      onKeyDown={toCanvas}
    >
      {isNarrow ? null : <Divider />}
      <Head
        node={node}
        entry={entry}
        findings={findings}
        isReadOnly={isReadOnly}
        hasRun={hasRun}
        tab={shown}
        onTab={setTab}
      />
      {isFolded ? null : (
        <div className="node-panel-body" data-columns={columns}>
          {isNarrow || entry?.is_trigger ? null : <Input nodeId={nodeId} />}
          <div
            className="node-panel-form"
            role="tabpanel"
            id={`panel-${shown}`}
            aria-labelledby={`tab-${shown}`}
            key={shown}
            data-wide={shown === "Input" || tab === "Output" || undefined}
          >
            {shown === "Starts" ? <StartsTab nodeId={nodeId} /> : null}
            {shown === "Run" ? <RunTab nodeId={nodeId} /> : null}
            {shown === "Input" ? <Input nodeId={nodeId} /> : null}
            {shown === "Output" ? <Output node={node} entry={entry} isReadOnly={isReadOnly} /> : null}
            {shown === "Parameters" ? (
              <NodeForm node={node} entry={entry} findings={findings} isReadOnly={isReadOnly} />
            ) : null}
            {shown === "Settings" ? (
              <SettingsTab node={node} entry={entry} findings={findings} isReadOnly={isReadOnly} />
            ) : null}
            {shown === "Notes" ? <Notes node={node} entry={entry} isReadOnly={isReadOnly} /> : null}
          </div>
          {isNarrow || isHanging ? null : <Output node={node} entry={entry} isReadOnly={isReadOnly} />}
        </div>
      )}
    </section>
  );
}

function Head({
  node,
  entry,
  findings,
  isReadOnly,
  hasRun,
  tab,
  onTab,
}: {
  node: NodeDocument;
  entry: NodeTypeEntry | undefined;
  findings: readonly Finding[];
  isReadOnly: boolean;
  hasRun: boolean;
  tab: TabName;
  onTab: (tab: TabName) => void;
}) {
  const show = useEditor((state) => state.show);
  const isFolded = useDock((state) => state.isFolded);
  const fold = useDock((state) => state.fold);
  const isNarrow = useIsNarrow();
  const isHanging = isAttachment(node);
  const all = isNarrow
    ? NARROW.filter((name) => (name === "Input" ? !entry?.is_trigger : name !== "Output" || !isHanging))
    : TABS;
  const tabs: readonly TabName[] = [
    ...all,
    ...(entry?.is_trigger ? (["Starts"] as const) : []),
    ...(hasRun ? (["Run"] as const) : []),
  ];
  return (
    <header className="node-panel-head">
      <Tile type={node.type} icon={entry?.icon ?? "box"} />
      <div className="node-panel-title">
        <Name nodeId={node.id} name={node.name} isReadOnly={isReadOnly} />
        <p className="muted small">{entry?.name ?? `${node.type} ${node.subtype}`}</p>
      </div>
      <Tabs names={tabs} tab={tab} onTab={onTab} findings={findings} />
      <span className="row push">
        {isHanging ? null : <Tests nodeId={node.id} isTrigger={entry?.is_trigger ?? false} />}
        {isNarrow ? null : (
          <button
            type="button"
            className="btn btn-ghost btn-icon btn-sm"
            aria-label={isFolded ? "Unfold the panel" : "Fold the panel"}
            aria-expanded={!isFolded}
            title={isFolded ? "Unfold" : "Fold"}
            onClick={() => fold(!isFolded)}
          >
            <Icon name={isFolded ? "chevron-up" : "chevron-down"} />
          </button>
        )}
        <button
          type="button"
          className="btn btn-ghost btn-icon btn-sm"
          aria-label="Close"
          title="Close"
          onClick={() => show(null)}
        >
          <Icon name="x" />
        </button>
      </span>
    </header>
  );
}

/** Running it, or all that leads to it. */
function Tests({ nodeId, isTrigger }: { nodeId: string; isTrigger: boolean }) {
  const mayRun = useEditor((state) => state.data.may.workflow_execute === true);
  const isNarrow = useIsNarrow();
  const isStarting = useRun((state) => state.isStarting);
  if (!mayRun || isNarrow) return null;
  return (
    <>
      <button
        type="button"
        className="btn btn-ghost btn-sm"
        disabled={isStarting}
        onClick={() => void testTo(nodeId)}
      >
        Test to here
      </button>
      {isTrigger ? null : (
        <button
          type="button"
          className="btn btn-sm"
          aria-busy={isStarting || undefined}
          onClick={() => void testNode(nodeId)}
        >
          <Icon name="play" />
          Test node
        </button>
      )}
    </>
  );
}

/** Which tab a finding belongs to. What is about no setting of the node (its connections, its place) stands first. */
const tabOf = (finding: Finding): TabName => tabAt(placeOf(finding));

const tabAt = (place: string): TabName =>
  SETTINGS.has(place.split(/[.[]/)[0] ?? "") ? "Settings" : place === "notes" ? "Notes" : "Parameters";

function Tabs({
  names,
  tab,
  onTab,
  findings,
}: {
  names: readonly TabName[];
  tab: TabName;
  onTab: (tab: TabName) => void;
  findings: readonly Finding[];
}) {
  const fold = useDock((state) => state.fold);
  return (
    <div
      className="segmented node-panel-tabs"
      role="tablist"
      aria-label="What is shown"
      onKeyDown={(event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        const next = names[(names.indexOf(tab) + step + names.length) % names.length];
        if (step === 0 || !next) return;
        event.preventDefault();
        onTab(next);
        document.getElementById(`tab-${next}`)?.focus();
      }}
    >
      {names.map((name) => {
        const own = findings.filter((finding) => tabOf(finding) === name);
        const hasError = own.some(({ severity }) => severity === "error");
        return (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-controls={`panel-${name}`}
            aria-selected={name === tab}
            tabIndex={name === tab ? 0 : -1}
            onClick={() => {
              fold(false);
              onTab(name);
            }}
          >
            {name}
            {own.length > 0 ? (
              <span className="tab-problems" data-severity={hasError ? "error" : "warning"}>
                {own.length}
                <span className="visually-hidden">{own.length === 1 ? " problem" : " problems"}</span>
              </span>
            ) : null}
          </button>
        );
      })}
    </div>
  );
}

/** What people wrote about the node, and what its type does. */
function Notes({
  node,
  entry,
  isReadOnly,
}: {
  node: NodeDocument;
  entry: NodeTypeEntry | undefined;
  isReadOnly: boolean;
}) {
  return (
    <>
      <label className="field">
        <span className="field-label">Notes</span>
        <textarea
          className="textarea"
          rows={4}
          maxLength={10_000}
          value={node.notes ?? ""}
          readOnly={isReadOnly}
          placeholder="What others should know about this node"
          onChange={(event) => {
            const notes = event.target.value || undefined;
            useEditor
              .getState()
              .edit(
                `Change notes of “${node.name}”`,
                (now) => setNode(now, node.id, { notes } as Partial<NodeDocument>),
                `${node.id} notes`,
              );
          }}
        />
      </label>
      {entry ? (
        <section className="panel-about">
          <h3 className="label">About “{entry.name}”</h3>
          <p>
            <Prose text={entry.summary} />
          </p>
          {entry.description ? (
            <p className="soft">
              <Prose text={entry.description} />
            </p>
          ) : null}
        </section>
      ) : null}
    </>
  );
}
