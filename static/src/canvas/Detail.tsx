import { type KeyboardEvent, type ReactNode, useState } from "react";
import { duration, exactTime } from "../app/words.ts";
import { ancestorsOf, placeOf } from "./family.ts";
import { AgainFromHere } from "./Here.tsx";
import { Icon, Tile } from "./Icon.tsx";
import { Items } from "./Items.tsx";
import { JsonTree } from "./JsonTree.tsx";
import { Picker } from "./LoopBox.tsx";
import { PayloadView } from "./PayloadView.tsx";
import { lengthOf, type NodeView, ordinal, STATUS_LOOKS, STATUS_WORDS, viewOf } from "./states.ts";
import { type CardModel, payloadKey, runIn, subjectOf, useCanvas } from "./store.ts";
import { TraceView } from "./TraceView.tsx";
import { type ChildRun, type LargeValue, type LogLine, type NodeRun, TERMINAL } from "./types.ts";
import { useNodeView } from "./views.ts";

/** What one step of a run got, was told, gave back, said and failed with. */
export function Detail() {
  const selected = useCanvas((state) => state.selected);
  const card = useCanvas((state) => (state.selected === null ? undefined : state.cards[state.selected]));
  if (selected === null || !card)
    return (
      <section className="detail" aria-label="Step">
        <p className="pane-empty">
          Choose a step on the canvas or in the timeline to see what it got and gave back.
        </p>
      </section>
    );
  return <StepDetail key={selected} card={card} />;
}

type TabName = "Items" | "Runs" | "Trace" | "Output" | "Input" | "Parameters" | "Error" | "Log";

function StepDetail({ card }: { card: CardModel }) {
  const { node } = card;
  const path = useCanvas((state) => subjectOf(state, node.id));
  const open = useCanvas((state) => placeOf(state.family, state.chosen, node.id).open);
  const isContainer = card.minWidth !== null;
  if (path === null && open !== null) return <InAllItems card={card} container={open} />;
  // The same tab stays open from item to item.
  return <RunDetail card={card} path={path ?? ""} isContainer={isContainer} />;
}

/** A step inside a container while no iteration is chosen: how it stands in all of them, and the list to choose from. */
function InAllItems({ card, container }: { card: CardModel; container: string }) {
  const view = useNodeView(card.node.id, card.ports.length > 1);
  return (
    <section className="detail" aria-label={card.node.name}>
      <Head card={card} view={view} word={[view.lead, view.rest].filter(Boolean).join(", ") || view.word} />
      <Pickers id={card.node.id} />
      <p className="detail-hint">Choose an item to see what this step got and gave back in it.</p>
      <Items container={container} />
    </section>
  );
}

/** The iterations that are looked at, of every container around a step and of the step itself. */
export function Pickers({ id }: { id: string }) {
  const family = useCanvas((state) => state.family);
  const cards = useCanvas((state) => state.cards);
  const around = [...ancestorsOf(family, id), ...(family.containers.has(id) ? [id] : [])];
  if (around.length === 0) return null;
  return (
    <div className="detail-pickers">
      {around.map((container) => (
        <span key={container}>
          <span className="muted small truncate-line">{cards[container]?.node.name}</span>
          <Picker id={container} name={cards[container]?.node.name ?? container} />
        </span>
      ))}
    </div>
  );
}

function Head({ card, view, word }: { card: CardModel; view: NodeView; word: string }) {
  return (
    <header className="pane-head detail-head">
      <Tile type={card.node.type} icon={card.entry?.icon ?? "box"} />
      <div className="detail-name">
        <h2 className="truncate-line">{card.node.name}</h2>
        <p className="muted small">{card.typeName}</p>
      </div>
      <span className="badge" data-tone={view.tone === "none" ? "neutral" : view.tone}>
        <Icon name={view.icon} size={14} {...(view.icon === "loader-circle" ? { className: "spin" } : {})} />
        {word}
      </span>
      <AgainFromHere id={card.node.id} />
    </header>
  );
}

/** What went into one node run and came out of it; of a container whose iteration is chosen, of that iteration. */
function RunDetail({ card, path, isContainer }: { card: CardModel; path: string; isContainer: boolean }) {
  const { node, ports } = card;
  const isIteration = useCanvas((state) => isContainer && node.id in state.chosen);
  const own = useNodeView(node.id, ports.length > 1);
  const live = useCanvas((state) => runIn(state, node.id, path));
  const isOver = useCanvas((state) => state.snapshot === null || TERMINAL.has(state.snapshot.status));
  const isOpen = live !== undefined && live.finished_at === null;
  const now = useCanvas((state) => (isOpen ? state.now : 0));
  const view = isIteration ? viewOf(live, { isOver }, now, false) : own;
  const payload = useCanvas((state) => state.payloads[payloadKey(node.id, path)]);
  const loadPayload = useCanvas((state) => state.loadPayload);
  const isLoading = useCanvas((state) => path !== "" && state.scopes[path]?.status === "loading");
  const loaded = payload?.status === "ready" ? payload.run : undefined;
  const run: NodeRun | undefined = live ? { ...loaded, ...withoutNull(live) } : undefined;
  const error = loaded?.error?.message ? loaded.error : (live?.error ?? null);
  const logs = loaded?.logs ?? [];
  const children = loaded?.children ?? [];
  const isAgent = card.dock !== null;
  const tabs: TabName[] = [
    ...(isContainer ? (["Items"] as const) : []),
    ...(children.length ? (["Runs"] as const) : []),
    ...(isAgent ? (["Trace"] as const) : []),
    "Output",
    "Input",
    "Parameters",
    ...(error ? (["Error"] as const) : []),
    "Log",
  ];
  const [chosen, setTab] = useState<TabName | null>(null);
  // What a person is asked stands in the parameters; there is no output before the answer.
  const first = error
    ? "Error"
    : isContainer && !isIteration && !live?.kept_from
      ? "Items"
      : isAgent
        ? "Trace"
        : live?.state === "WAITING_INPUT"
          ? children.length
            ? "Runs"
            : "Parameters"
          : "Output";
  const tab = chosen && tabs.includes(chosen) ? chosen : first;
  const length = run ? lengthOf(run, now) : null;
  const took = length === null ? "" : duration(length);

  const content = (): ReactNode => {
    if (tab === "Items") return <Items container={node.id} />;
    if (tab === "Error" && error) return <ErrorView error={error} run={run} />;
    if ((!live || live.state === "PENDING") && !isLoading)
      return <p className="pane-empty">{isIteration ? "This item" : "This step"} has not begun.</p>;
    if (live?.state === "SKIPPED")
      return <p className="pane-empty">This step was skipped: the run took another way.</p>;
    if (tab === "Trace") return <TraceView nodeId={node.id} path={path} />;
    if (payload?.status === "failed")
      return (
        <div className="pane-empty">
          <p>{payload.message}</p>
          <button type="button" className="btn btn-sm" onClick={() => void loadPayload(node.id, path)}>
            Load again
          </button>
        </div>
      );
    if (payload?.status !== "ready")
      return (
        <div className="skeleton-lines" aria-busy="true">
          <i />
          <i />
          <i />
        </div>
      );
    const large = loaded?.large?.[COLUMNS[tab] ?? ""];
    if (large) return <LargeView value={large} name={tab.toLowerCase()} />;
    switch (tab) {
      case "Runs":
        return <Children runs={children} />;
      case "Input":
        return <PayloadView value={loaded?.input} root="$json" name="input" empty="Nothing came in." />;
      case "Parameters":
        return (
          <PayloadView
            value={loaded?.params}
            root=""
            name="parameters"
            empty="No parameters were resolved."
          />
        );
      case "Log":
        return <LogView lines={logs} />;
      default:
        return (
          <PayloadView
            value={loaded?.output}
            root={`$node[${JSON.stringify(node.name)}]`}
            name="output"
            empty={isOpen ? "There is no output yet." : "This step gave nothing back."}
          />
        );
    }
  };

  return (
    <section className="detail" aria-label={node.name}>
      <Head card={card} view={view} word={view.isLive && took ? `${view.word} ${took}` : view.word} />
      <Pickers id={node.id} />
      {live?.kept_from ? <KeptNote from={live.kept_from} /> : null}
      {run?.started_at && tab !== "Items" ? (
        <dl className="figures is-small detail-figures">
          <Figure name="Began" value={clock(run.started_at)} title={exactTime(new Date(run.started_at))} />
          <Figure name={isOpen ? "So far" : "Took"} value={took} />
          <Figure
            name="Tries"
            value={
              run.max_attempts
                ? `${Math.max(1, run.attempt)} of ${run.max_attempts}`
                : String(Math.max(1, run.attempt))
            }
          />
          <Figure name="Outcome" value={run.port ?? "–"} />
        </dl>
      ) : null}
      <Tabs
        tabs={tabs}
        current={tab}
        counts={{ Log: logs.length, Runs: children.length }}
        onChoose={setTab}
      />
      <div className="detail-body" role="tabpanel" aria-label={tab}>
        {content()}
      </div>
    </section>
  );
}

/** What the tabs call the columns of a node run. */
const COLUMNS: Partial<Record<TabName, string>> = { Output: "output", Input: "input", Parameters: "params" };

const pageOf = (executionId: string): string =>
  `/w/${document.documentElement.dataset.workspace ?? ""}/executions/${executionId}/`;

function KeptNote({ from }: { from: string }) {
  const own = useCanvas((state) => state.snapshot?.id);
  return (
    <p className="detail-note">
      <Icon name="history" size={14} />
      {from === own ? (
        "It did not run: its output was given."
      ) : (
        <span>
          It did not run here: its result is kept from <a href={pageOf(from)}>run {from.slice(-6)}</a>.
        </span>
      )}
    </p>
  );
}

/** A value that is too large to be shown: how it begins, and where to get it. */
function LargeView({ value, name }: { value: LargeValue; name: string }) {
  return (
    <div className="data-view large-view">
      <p>
        The {name} has {size(value.size)} and is kept outside the database. It begins:
      </p>
      <pre className="mono">{value.head}</pre>
      <a className="btn btn-sm" href={value.url} download>
        <Icon name="download" />
        Download
      </a>
    </div>
  );
}

function size(bytes: number): string {
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(0)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The executions a step started. */
function Children({ runs }: { runs: readonly ChildRun[] }) {
  return (
    <ol className="items-scroll">
      {runs.map((run) => {
        const look = STATUS_LOOKS[run.status];
        return (
          <li key={run.id}>
            <a className="item" href={pageOf(run.id)} data-tone={look.tone}>
              <span className="item-number">{run.index + 1}</span>
              <span className="item-state">
                <Icon name={look.icon} size={14} />
                {STATUS_WORDS[run.status]}
              </span>
              <span className="item-error truncate-line">
                {run.workflow_name} {run.id.slice(-6)}
              </span>
              <span className="item-took">
                {run.finished_at ? duration(Date.parse(run.finished_at) - Date.parse(run.created_at)) : ""}
              </span>
            </a>
          </li>
        );
      })}
    </ol>
  );
}

/** The live run wins over the loaded one, except where it knows nothing. */
function withoutNull(run: NodeRun): NodeRun {
  return Object.fromEntries(Object.entries(run).filter(([, value]) => value !== null)) as unknown as NodeRun;
}

export function Figure({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <div {...(title ? { title } : {})}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function Tabs<T extends string>({
  tabs,
  current,
  counts = {},
  onChoose,
}: {
  tabs: readonly T[];
  current: T;
  counts?: Partial<Record<T, number>>;
  onChoose: (tab: T) => void;
}) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = step && tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next);
    const row = event.currentTarget;
    requestAnimationFrame(() => row.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <div className="tabs pane-tabs" role="tablist" onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab}
          type="button"
          role="tab"
          className="tab"
          aria-selected={tab === current}
          tabIndex={tab === current ? 0 : -1}
          onClick={() => onChoose(tab)}
        >
          {tab}
          {counts[tab] ? <small>{counts[tab]}</small> : null}
        </button>
      ))}
    </div>
  );
}

export function ErrorView({
  error,
  run,
}: {
  error: NonNullable<NodeRun["error"]>;
  run: NodeRun | undefined;
}) {
  const attempts = (run?.attempts ?? []).filter((attempt) => attempt.error);
  const link = wayOut(error);
  return (
    <div className="error-view">
      <div className="callout" data-tone="error">
        <Icon name="circle-x" />
        <div>
          <p className="strong">{error.message ?? error.code}</p>
          {error.hint ? <p>{error.hint}</p> : null}
          {link ? (
            <p>
              <a className="link" href={link}>
                Go there
              </a>
            </p>
          ) : null}
        </div>
      </div>
      <dl className="pairs">
        <dt>Code</dt>
        <dd>
          <code>{error.code}</code>
        </dd>
        {attempts.map((attempt) => (
          <div key={attempt.number} className="contents">
            <dt>{ordinal(attempt.number)} try</dt>
            <dd>{attempt.error?.message ?? attempt.error?.code}</dd>
          </div>
        ))}
      </dl>
      {error.details ? (
        <>
          <h3 className="label">Details</h3>
          <JsonTree value={error.details} root="" />
        </>
      ) : null}
    </div>
  );
}

/** The page of the workspace where it can be mended, where the error names one: never one elsewhere. */
function wayOut({ details }: NonNullable<NodeRun["error"]>): string | null {
  const link = details?.link;
  if (typeof link !== "string" || !/^\/?[a-z0-9][a-z0-9/_?=&-]*$/i.test(link)) return null;
  const workspace = document.documentElement.dataset.workspace ?? "";
  return link.startsWith("/") ? link : `/w/${workspace}/${link}`;
}

export function LogView({ lines }: { lines: readonly LogLine[] }) {
  if (lines.length === 0) return <p className="pane-empty">This step logged nothing.</p>;
  return (
    <ol className="log">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a log only grows at its end.
        <li key={index} data-level={line.level ?? "info"}>
          {line.at ? <time dateTime={line.at}>{clock(line.at)}</time> : null}
          <span>{line.message}</span>
          {line.data === undefined || line.data === null ? null : <code>{JSON.stringify(line.data)}</code>}
        </li>
      ))}
    </ol>
  );
}

const clock = (text: string): string =>
  new Date(text).toLocaleTimeString("en-GB", {
    timeZone: document.documentElement.dataset.zone || undefined,
  });
