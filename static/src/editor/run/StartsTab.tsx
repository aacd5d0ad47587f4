import { useEffect, useId, useState } from "react";
import { exactTime, relativeTime } from "../../app/words.ts";
import { Icon } from "../../canvas/Icon.tsx";
import type { Json } from "../../canvas/types.ts";
import { ask, Problem } from "../api.ts";
import { reasonOf } from "../notices.ts";
import { useEditor } from "../store.ts";
import { testData } from "./store.ts";

/** As `GET workflows/<id>/triggers/<node>/` says it. */
interface Trigger {
  state: string;
  reason: string;
  is_published: boolean;
  url: string;
  test_url: string;
  methods: string[];
  next_times: string[];
  never: string;
  last: { received_at: string; verdict: string } | null;
}

const SHOWN = 5;

/** How a trigger starts the workflow: where it is called and how, or when it comes due, and when it last did. */
export function StartsTab({ nodeId }: { nodeId: string }) {
  const id = useId();
  const saved = useEditor((state) => state.saved);
  const page = useEditor((state) => state.data.page);
  const [trigger, setTrigger] = useState<Trigger | null>(null);
  const [example, setExample] = useState<Json>(null);
  const [problem, setProblem] = useState("");
  // Its address may be another one whenever the draft was saved.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    let isStale = false;
    const { data } = useEditor.getState();
    const load = async (): Promise<void> => {
      const found = await ask<Trigger>("GET", `${data.api}triggers/${encodeURIComponent(nodeId)}/`);
      const known = found.url ? (await testData()).find(({ node_id }) => node_id === nodeId) : undefined;
      if (isStale) return;
      setTrigger(found);
      setExample(known?.recorded[0]?.input ?? known?.example ?? {});
      setProblem("");
    };
    load().catch((error: unknown) => {
      if (isStale) return;
      const isNew = error instanceof Problem && error.status === 404;
      setProblem(
        isNew ? "It has no address before it is saved, and none while it is switched off." : reasonOf(error),
      );
    });
    return () => {
      isStale = true;
    };
  }, [nodeId, saved]);
  if (!trigger) return <p className="pane-empty">{problem || "Loading"}</p>;
  const { state, reason, url, methods, next_times, never, last } = trigger;
  const method = methods[0] ?? "POST";
  const curl = curlOf(method, url, example);
  return (
    <div className="run-tab">
      <p>
        {WORDS[state] ?? state}
        {reason ? <span className="muted"> {reason}</span> : null}
      </p>
      {url ? (
        <>
          <section>
            <h3 className="label">Address</h3>
            <div className="copy-field">
              <code id={`${id}-url`}>{url}</code>
              <Copy text={url} label="Copy the address" />
            </div>
            <p className="help">{methods.join(", ")}</p>
          </section>
          <section>
            <h3 className="label">Call it</h3>
            <div className="row">
              <pre className="code grow">{curl}</pre>
              <Copy text={curl} label="Copy the command" />
            </div>
          </section>
        </>
      ) : null}
      {next_times.length > 0 ? (
        <section>
          <h3 className="label">Next times</h3>
          <ol>
            {next_times.slice(0, SHOWN).map((at) => (
              <li key={at}>
                {exactTime(new Date(at))}{" "}
                <span className="muted">{relativeTime(new Date(at), new Date())}</span>
              </li>
            ))}
          </ol>
        </section>
      ) : never ? (
        <p className="muted">{never}</p>
      ) : null}
      <p className="muted">
        {last
          ? `Last delivery ${relativeTime(new Date(last.received_at), new Date())}: ${last.verdict}. `
          : "Nothing has arrived yet. "}
        <a className="link" href={`${page}triggers/`}>
          All triggers
        </a>
      </p>
    </div>
  );
}

const WORDS: Record<string, string> = {
  draft: "It starts nothing yet: publish and activate the workflow.",
  deploying: "It is being set up.",
  active: "It is live.",
  paused: "It is paused.",
  failed: "It cannot listen.",
  ended: "It comes due no more.",
};

function Copy({ text, label }: { text: string; label: string }) {
  return (
    <button type="button" className="btn btn-sm btn-icon" data-copy={text} aria-label={label} title={label}>
      <Icon name="copy" />
    </button>
  );
}

function curlOf(method: string, url: string, body: Json): string {
  const first = `curl -X ${method} '${url}'`;
  if (method === "GET" || method === "DELETE") return first;
  const quoted = JSON.stringify(body).replaceAll("'", `'\\''`);
  return `${first} \\\n  -H 'Content-Type: application/json' -d '${quoted}'`;
}
