import { type FormEvent, useEffect, useId, useState } from "react";
import { relativeTime } from "../../app/words.ts";
import { Icon } from "../../canvas/Icon.tsx";
import type { Json } from "../../canvas/types.ts";
import { ask } from "../api.ts";
import { Dialog } from "../Dialog.tsx";
import { reasonOf } from "../notices.ts";
import { useEditor } from "../store.ts";
import { recall } from "./memory.ts";
import { type Asked, leadingTo, type TriggerData, testData, testWith, useRun } from "./store.ts";

/** Chooses what a test begins with: trigger, input, and whether the draft runs or, for real, what is published. */
export function TestDialog() {
  const asked = useRun((state) => state.asked);
  return asked ? <Filled asked={asked} /> : null;
}

const close = (): void => useRun.setState({ asked: null });

function Filled({ asked }: { asked: Asked }) {
  const [triggers, setTriggers] = useState<TriggerData[] | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    testData()
      .then((all) => {
        const leading = new Set(leadingTo(asked.node));
        setTriggers(all.filter(({ node_id }) => leading.has(node_id)));
      })
      .catch((error: unknown) => setFailure(reasonOf(error)));
  }, [asked.node]);
  const name = useEditor((state) => state.definition.nodes.find(({ id }) => id === asked.node)?.name);
  return (
    <Dialog title={name === undefined ? "Test the workflow" : `Test to “${name}”`} isWide onClose={close}>
      {failure ? <p role="alert">{failure}</p> : null}
      {triggers === null ? (
        failure ? null : (
          <div className="skeleton-lines" aria-busy="true">
            <i />
            <i />
          </div>
        )
      ) : triggers.length === 0 ? (
        <p>
          {asked.node === null
            ? "Nothing starts this workflow yet. Add a trigger, and connect it."
            : "No trigger leads to this node. Connect it, or test it alone."}
        </p>
      ) : (
        <TestForm asked={asked} triggers={triggers} />
      )}
    </Dialog>
  );
}

function TestForm({ asked, triggers }: { asked: Asked; triggers: readonly TriggerData[] }) {
  const id = useId();
  const { workflow, data } = useEditor.getState();
  const [memory] = useState(() => recall(workflow.id, data.me.id));
  const [chosen, setChosen] = useState(
    () => (triggers.find(({ node_id }) => node_id === memory.trigger) ?? triggers[0])?.node_id ?? "",
  );
  const trigger = triggers.find(({ node_id }) => node_id === chosen);
  const [text, setText] = useState(() => textFor(trigger, memory.inputs));
  const [isReal, setReal] = useState(false);
  const [isStepping, setStepping] = useState(asked.isStepping);
  const [refusal, setRefusal] = useState(asked.refusal);
  const isBusy = useRun((state) => state.isStarting);
  const given = parsed(text);
  const version = workflow.version;

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (given.error) return;
    void testWith(asked, { trigger: chosen, input: given.value, isReal, isStepping }).then(setRefusal);
  };
  return (
    <form className="test-form" onSubmit={onSubmit}>
      {version === null || asked.node !== null ? null : (
        <fieldset className="segmented" aria-label="What runs">
          <button type="button" aria-pressed={!isReal} onClick={() => setReal(false)}>
            Draft, as a test
          </button>
          <button type="button" aria-pressed={isReal} onClick={() => setReal(true)}>
            Version {version}, for real
          </button>
        </fieldset>
      )}
      {triggers.length > 1 ? (
        <div className="field">
          <label htmlFor={`${id}-trigger`}>Start at</label>
          <select
            id={`${id}-trigger`}
            className="select"
            value={chosen}
            onChange={(event) => {
              const other = triggers.find(({ node_id }) => node_id === event.currentTarget.value);
              setChosen(event.currentTarget.value);
              setText(textFor(other, memory.inputs));
            }}
          >
            {triggers.map((one) => (
              <option key={one.node_id} value={one.node_id}>
                {one.name}
              </option>
            ))}
          </select>
        </div>
      ) : null}
      <div className="field">
        <label htmlFor={`${id}-input`}>
          What {trigger ? `“${trigger.name}”` : "the trigger"} delivers<span>JSON; empty: nothing</span>
        </label>
        <textarea
          id={`${id}-input`}
          className="textarea mono"
          spellCheck={false}
          rows={10}
          value={text}
          aria-invalid={given.error ? true : undefined}
          aria-describedby={given.error ? `${id}-wrong` : undefined}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
              event.currentTarget.form?.requestSubmit();
          }}
        />
        {given.error ? (
          <p id={`${id}-wrong`} className="field-error">
            <Icon name="circle-x" size={14} />
            {given.error}
          </p>
        ) : null}
      </div>
      {trigger ? (
        <Sources key={trigger.node_id} trigger={trigger} onChoose={(value) => setText(asText(value))} />
      ) : null}
      {isReal ? (
        <p className="muted small">It runs as if it had been called: mails are sent, people are asked.</p>
      ) : (
        <label className="check">
          <input
            type="checkbox"
            checked={isStepping}
            onChange={(event) => setStepping(event.currentTarget.checked)}
          />
          <span>Stop before every node</span>
        </label>
      )}
      {refusal ? (
        <div className="callout" data-tone="error" role="alert">
          <Icon name="circle-x" />
          <p>{refusal}</p>
        </div>
      ) : null}
      <div className="dialog-actions">
        <button type="button" className="btn btn-ghost" onClick={close}>
          Not now
        </button>
        <button type="submit" className="btn btn-primary" disabled={isBusy || Boolean(given.error)}>
          <Icon name={isBusy ? "loader-circle" : "play"} {...(isBusy ? { className: "spin" } : {})} />
          {isReal ? `Run version ${version}` : "Test"}
        </button>
      </div>
    </form>
  );
}

/** Inputs to choose from: an example, what began earlier runs, what arrived at the trigger. */
function Sources({ trigger, onChoose }: { trigger: TriggerData; onChoose: (value: Json) => void }) {
  const arrived = useArrived(trigger);
  if (trigger.example === null && trigger.recorded.length === 0 && arrived.length === 0) return null;
  return (
    <div className="test-sources">
      <h3 className="label">Take one of these</h3>
      <ul>
        {trigger.example === null ? null : (
          <Source
            icon="wand-sparkles"
            name="Example"
            about="what the draft reads of it"
            value={trigger.example}
            onChoose={onChoose}
          />
        )}
        {trigger.recorded.map((one) => (
          <Source
            key={one.execution_id}
            icon="history"
            name={one.mode === "test" ? "Test" : "Run"}
            about={relativeTime(new Date(one.created_at), new Date())}
            value={one.input}
            onChoose={onChoose}
          />
        ))}
        {arrived.map((one) => (
          <Source
            key={one.id}
            icon="inbox"
            name="Arrived"
            about={`${relativeTime(new Date(one.received_at), new Date())}, ${one.verdict}`}
            value={one.content}
            onChoose={onChoose}
          />
        ))}
      </ul>
    </div>
  );
}

function Source({
  icon,
  name,
  about,
  value,
  onChoose,
}: {
  icon: string;
  name: string;
  about: string;
  value: Json;
  onChoose: (value: Json) => void;
}) {
  return (
    <li>
      <button type="button" onClick={() => onChoose(value)}>
        <Icon name={icon} size={14} />
        <b>{name}</b>
        <span className="muted">{about}</span>
        <code className="truncate-line">{JSON.stringify(value)}</code>
      </button>
    </li>
  );
}

interface Arrived {
  id: string;
  received_at: string;
  verdict: string;
  execution_id: string | null;
  content: Json;
}

const MOST_ARRIVED = 4;

/** What arrived at a trigger from outside and started nothing: what did is among the runs. */
function useArrived(trigger: TriggerData): readonly Arrived[] {
  const workflow = useEditor((state) => state.workflow.id);
  const [arrived, setArrived] = useState<readonly Arrived[]>([]);
  useEffect(() => {
    let isStale = false;
    const base = "/api/v1/app/deliveries/";
    const load = async (): Promise<void> => {
      const query = new URLSearchParams({ workflow_id: workflow, node_id: trigger.node_id, page_size: "20" });
      const { results } = await ask<{ results: Arrived[] }>("GET", `${base}?${query}`);
      const wanted = results.filter(({ execution_id }) => execution_id === null).slice(0, MOST_ARRIVED);
      const full = await Promise.all(wanted.map(({ id }) => ask<Arrived>("GET", `${base}${id}/`)));
      if (!isStale) setArrived(full.filter(({ content }) => content !== null));
    };
    // The other sources are there without it.
    load().catch(() => undefined);
    return () => {
      isStale = true;
    };
  }, [workflow, trigger.node_id]);
  return arrived;
}

const asText = (value: Json | undefined): string =>
  value === undefined || value === null ? "" : JSON.stringify(value, null, 2);

function textFor(trigger: TriggerData | undefined, inputs: Readonly<Record<string, Json>>): string {
  if (!trigger) return "";
  const last = inputs[trigger.node_id];
  return asText(last ?? trigger.recorded[0]?.input ?? trigger.example);
}

function parsed(text: string): { value: Json; error: string } {
  if (text.trim() === "") return { value: null, error: "" };
  try {
    return { value: JSON.parse(text) as Json, error: "" };
  } catch (error) {
    return {
      value: null,
      error: `This is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
