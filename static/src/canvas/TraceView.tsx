import type { ReactNode } from "react";
import { dollars, duration } from "../app/words.ts";
import { Figure } from "./Detail.tsx";
import { Icon } from "./Icon.tsx";
import { JsonTree } from "./JsonTree.tsx";
import { useNodeSteps } from "./steps.ts";
import { runIn, useCanvas } from "./store.ts";
import { type Call, type Offered, type Remembered, type Trace, type Turn, traceOf } from "./trace.ts";
import type { NodeState } from "./types.ts";

/** What an agent did in one node run, turn by turn, live while it works. */
export function TraceView({ nodeId, path }: { nodeId: string; path: string }) {
  const { rows, isReady, problem, writing } = useNodeSteps(nodeId, path);
  const state = useCanvas((now) => runIn(now, nodeId, path)?.state);
  const trace = traceOf(rows, state === "RUNNING" || state === "RETRYING" ? writing : {});
  if (problem)
    return (
      <p className="pane-empty" role="alert">
        {problem}
      </p>
    );
  if (!trace)
    return isReady || state === undefined || state === "PENDING" ? (
      <p className="pane-empty">
        {state === "RUNNING" ? "The model has not answered yet." : "It asked no model."}
      </p>
    ) : (
      <div className="skeleton-lines" aria-busy="true">
        <i />
        <i />
        <i />
      </div>
    );
  return (
    <div className="trace">
      <Totals totals={trace.totals} />
      <ol className="trace-steps">
        {trace.memories.map((memory) => (
          <Memory key={memory.key} memory={memory} />
        ))}
        {trace.offers.map((offer) => (
          <Tools key={offer.key} offer={offer} />
        ))}
        {trace.turns.map((turn) => (
          <TurnView key={turn.key} turn={turn} state={state} />
        ))}
      </ol>
    </div>
  );
}

const count = (amount: number): string => amount.toLocaleString("en-GB");
const many = (amount: number, one: string): string => `${count(amount)} ${one}${amount === 1 ? "" : "s"}`;

function Totals({ totals }: { totals: Trace["totals"] }) {
  return (
    <dl className="figures is-small trace-totals">
      <Figure
        name="Cost"
        value={totals.cost === null ? "–" : dollars(totals.cost)}
        title={
          totals.cost === null
            ? "The price of the model is not known"
            : "Of all turns together, in US dollars"
        }
      />
      <Figure name="Tokens in" value={count(totals.input)} />
      <Figure name="Tokens out" value={count(totals.output)} />
      <Figure name="Calls" value={`${totals.turns} model, ${totals.calls} tool`} />
    </dl>
  );
}

function Memory({ memory: { name, messages } }: { memory: Remembered }) {
  return (
    <li className="trace-step">
      <details>
        <summary>
          <Mark type="MEMORY" icon="database" />
          <span className="truncate-line">
            Memory: <b>{name}</b>
          </span>
          <small>{messages.length === 0 ? "empty" : many(messages.length, "message")}</small>
        </summary>
        <ol className="trace-messages">
          {messages.map(({ role, text }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: what was loaded does not change.
            <li key={index}>
              <span className="label">{role}</span>
              <p className="trace-text">{text}</p>
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
}

function Tools({ offer: { name, functions } }: { offer: Offered }) {
  return (
    <li className="trace-step">
      <details>
        <summary>
          <Mark type="TOOL" icon="wrench" />
          <span className="truncate-line">
            Tools: <b>{name}</b>
          </span>
          <small>{many(functions.length, "function")}</small>
        </summary>
        <ul className="trace-functions">
          {functions.map((one) => (
            <li key={one.name}>
              <code>{one.name}</code>
              {one.needsApproval ? (
                <small className="badge" data-tone="human">
                  Asks a person
                </small>
              ) : null}
              {one.description ? <p className="soft">{one.description}</p> : null}
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

function TurnView({ turn, state }: { turn: Turn; state: NodeState | undefined }) {
  const failed = turn.attempts.filter(({ outcome }) => outcome !== "answered");
  return (
    <li className="trace-step trace-turn" aria-busy={turn.isOpen || undefined}>
      <div className="trace-head">
        <Mark type="AI_AGENT" icon="brain" />
        <b>Turn {turn.number}</b>
        <span className="muted truncate-line">{turn.model}</span>
        <small>
          {turn.isOpen ? (
            <>
              <Icon name="loader-circle" size={12} className="spin" /> Writing
            </>
          ) : (
            [
              turn.seconds === null ? "" : duration(turn.seconds * 1000),
              `${count(turn.input)} → ${count(turn.output)} tokens`,
              turn.cost === null ? "" : dollars(turn.cost),
            ]
              .filter(Boolean)
              .join(" · ")
          )}
        </small>
      </div>
      {failed.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: attempts do not change.
        <p key={index} className="trace-attempt" data-tone="error">
          <Icon name="circle-x" size={14} />
          <span>
            {one.provider} {one.model}: {one.message || one.outcome}
          </span>
        </p>
      ))}
      {turn.reasoning ? (
        <details className="trace-reasoning">
          <summary>Reasoning</summary>
          <p className="trace-text soft">{turn.reasoning}</p>
        </details>
      ) : null}
      {turn.large ? <Elsewhere url={turn.large.url} head={turn.large.head} /> : null}
      {turn.text ? (
        <p className="trace-text" data-open={turn.isOpen || undefined}>
          {turn.text}
        </p>
      ) : null}
      {turn.finish === "length" ? <p className="muted small">It was cut off: it had no more room.</p> : null}
      {turn.finish === "refused" ? <p className="muted small">The model refused to answer.</p> : null}
      {turn.notes.map((note) => (
        <p key={note} className="muted small">
          {note}
        </p>
      ))}
      {turn.calls.map((call) => (
        <CallView key={call.key} call={call} state={state} />
      ))}
    </li>
  );
}

const CALLS: Readonly<Record<Call["state"], { word: string; icon: string; tone: string }>> = {
  done: { word: "Done", icon: "circle-check", tone: "success" },
  failed: { word: "Failed", icon: "circle-x", tone: "error" },
  refused: { word: "Refused", icon: "hand", tone: "human" },
  sent: { word: "Sent", icon: "loader-circle", tone: "running" },
  open: { word: "Not yet", icon: "circle", tone: "none" },
};

function lookOf(call: Call, state: NodeState | undefined): { word: string; icon: string; tone: string } {
  if (call.state !== "open") return CALLS[call.state];
  if (state === "WAITING_INPUT") return { word: "Waits for a person", icon: "hand", tone: "human" };
  return state === "RUNNING" ? { word: "At work", icon: "loader-circle", tone: "running" } : CALLS.open;
}

function CallView({ call, state }: { call: Call; state: NodeState | undefined }) {
  const { word, icon, tone } = lookOf(call, state);
  return (
    <details className="trace-call" data-tone={tone}>
      <summary>
        <Icon name={icon} size={14} {...(icon === "loader-circle" ? { className: "spin" } : {})} />
        <b className="truncate-line">{call.title}</b>
        <small>
          {[
            word,
            call.seconds === null ? "" : duration(call.seconds * 1000),
            call.approvedBy ? `agreed by ${call.approvedBy}${call.isEdited ? ", who changed it" : ""}` : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </small>
      </summary>
      <Part name={call.isEdited ? "Arguments, as a person changed them" : "Arguments"}>
        {call.wrong ? (
          <p className="trace-text mono">{call.wrong}</p>
        ) : (
          <JsonTree value={call.arguments} root="" />
        )}
      </Part>
      {call.comment ? (
        <Part name="Comment">
          <p className="trace-text">{call.comment}</p>
        </Part>
      ) : null}
      {call.error ? (
        <div className="callout" data-tone="error">
          <Icon name="circle-x" />
          <div>
            <p className="strong">{call.error.message ?? call.error.code}</p>
            {call.error.hint ? <p>{call.error.hint}</p> : null}
          </div>
        </div>
      ) : call.large ? (
        <Elsewhere url={call.large.url} head={call.large.head} />
      ) : call.state === "done" ? (
        <Part name="Result">
          <JsonTree value={call.result} root="" />
        </Part>
      ) : null}
    </details>
  );
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="trace-part">
      <h4 className="label">{name}</h4>
      {children}
    </div>
  );
}

function Elsewhere({ url, head }: { url: string; head: string }) {
  return (
    <div className="trace-part">
      <pre className="mono trace-text">{head} …</pre>
      <a className="btn btn-sm" href={url} download>
        <Icon name="download" />
        Download all of it
      </a>
    </div>
  );
}

function Mark({ type, icon }: { type: string; icon: string }) {
  return (
    <span className="dock-icon" data-type={type}>
      <Icon name={icon} size={14} />
    </span>
  );
}
