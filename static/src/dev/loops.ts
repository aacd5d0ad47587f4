import type {
  CanvasData,
  ChangeMessage,
  Count,
  Definition,
  Iteration,
  NodeRun,
  NodeState,
  NodeTypeEntry,
  Scope,
  Snapshot,
} from "../canvas/types.ts";
import { nodeTypes } from "./samples.ts";

/** A workflow with a loop in a loop, as it stands in the definition, in a run half way, and at its end. */

const flow = (subtype: string, name: string, icon: string, rest: Partial<NodeTypeEntry>): NodeTypeEntry => ({
  type: "FLOW",
  subtype,
  name,
  icon,
  ports: ["main"],
  summary: `${name}.`,
  ...rest,
});

export const loopTypes: NodeTypeEntry[] = [
  ...nodeTypes,
  flow("LOOP", "Loop", "repeat", { is_container: true, summary_template: "over {items}" }),
  flow("WHILE", "While", "refresh-cw", { is_container: true, summary_template: "while {condition}" }),
  flow("BREAK", "Break", "log-out", { ports: [], summary_template: "End the loop" }),
  flow("CONTINUE", "Continue", "skip-forward", { ports: [], summary_template: "Next item" }),
];

const node = (id: string, name: string, kind: string, params = {}, rest: object = {}) => {
  const [type = "", subtype = ""] = kind.split(".");
  return { id, name, type, subtype, params, ...rest };
};

export const loopDefinition: Definition = {
  nodes: [
    node("hook", "Order received", "TRIGGER.WEBHOOK", { path: "orders", method: "POST" }),
    node(
      "lines",
      "Lines",
      "FLOW.LOOP",
      { items: "{{ $json.body.lines }}", parallelism: 5, on_item_error: "collect" },
      { on_error: "route" },
    ),
    node(
      "reserve",
      "Reserve",
      "ACTION.HTTP_REQUEST",
      { method: "POST", url: "https://api.example.com/stock" },
      { parent: "lines" },
    ),
    node("enough", "Enough?", "FLOW.IF", { condition: "{{ $json.left > 0 }}" }, { parent: "lines" }),
    node(
      "sizes",
      "Sizes",
      "FLOW.WHILE",
      { condition: "{{ $json.more }}", max_iterations: 20 },
      { parent: "lines" },
    ),
    node(
      "label",
      "Label",
      "ACTION.TRANSFORM",
      { fields: [{ name: "label", value: "{{ $json.sku }}" }] },
      { parent: "sizes" },
    ),
    node("stop", "Enough labels", "FLOW.BREAK", {}, { parent: "sizes" }),
    node(
      "ask",
      "Order more?",
      "HUMAN_IN_THE_LOOP.CONFIRMATION",
      { title: "Order more of {{ $json.sku }}?" },
      { parent: "lines" },
    ),
    node("skip", "Next line", "FLOW.CONTINUE", {}, { parent: "lines" }),
    node("total", "Total", "ACTION.TRANSFORM", { fields: [{ name: "total", value: "{{ $json.sum() }}" }] }),
    node("refused", "Refused", "FLOW.RESPOND", { status: 500 }),
    node("yes", "Shipped", "FLOW.RESPOND", { status: 200 }),
  ],
  connections: [
    { from: "hook", port: "main", to: "lines" },
    { from: "reserve", port: "main", to: "enough" },
    { from: "enough", port: "true", to: "sizes" },
    { from: "enough", port: "false", to: "ask" },
    { from: "label", port: "main", to: "stop" },
    { from: "ask", port: "rejected", to: "skip" },
    { from: "lines", port: "main", to: "total" },
    { from: "lines", port: "error", to: "refused" },
    { from: "total", port: "main", to: "yes" },
  ],
};

const start = Date.now() - 95_000;
export const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

const run = (
  node_id: string,
  path: string,
  state: NodeState,
  from: number,
  to: number | null,
  rest = {},
): NodeRun => ({
  node_id,
  path,
  state,
  attempt: 1,
  max_attempts: 1,
  port: to === null ? null : "main",
  started_at: at(from),
  finished_at: to === null ? null : at(to),
  error: null,
  attempts: [],
  ...rest,
});

const count = (
  node_id: string,
  state: NodeState,
  number: number,
  port: string | null = "main",
  is_iteration = false,
): Count => ({
  node_id,
  is_iteration,
  state,
  port,
  count: number,
});

const counts: Count[] = [
  count("lines", "COMPLETED", 35, null, true),
  count("lines", "FAILED", 2, null, true),
  count("reserve", "COMPLETED", 38),
  count("reserve", "FAILED", 2, null),
  count("enough", "COMPLETED", 30, "true"),
  count("enough", "COMPLETED", 8, "false"),
  count("ask", "COMPLETED", 6, "approved"),
  count("ask", "COMPLETED", 1, "rejected"),
  count("ask", "SKIPPED", 30, null),
  count("skip", "COMPLETED", 1),
  count("sizes", "COMPLETED", 29),
  count("sizes", "SKIPPED", 8, null),
  count("sizes", "COMPLETED", 87, null, true),
  count("label", "COMPLETED", 88),
  count("stop", "SKIPPED", 58, null),
  count("stop", "COMPLETED", 29),
];

export function loopSnapshot(): Snapshot {
  return {
    id: "0194",
    workflow_id: "w2",
    workflow_name: "Order lines",
    version: 3,
    status: "RUNNING",
    seq: 400,
    created_at: at(0),
    started_at: at(0),
    finished_at: null,
    error: null,
    definition: loopDefinition,
    remaining_nodes: ["lines", "total", "yes"],
    resume_count: 1,
    counts,
    node_runs: [
      run("hook", "", "COMPLETED", 0, 0.004),
      run("lines", "", "RUNNING", 0.02, null, { total: 100 }),
      ...[37, 38, 40, 41].map((index) => run("lines", `lines[${index}]`, "RUNNING", 88 + (index - 37), null)),
      run("lines", "lines[39]", "RUNNING", 60, null),
      run("reserve", "lines[40]", "RUNNING", 93, null),
      run("reserve", "lines[41]", "RUNNING", 94, null),
      run("ask", "lines[39]", "WAITING_INPUT", 61, null),
      run("sizes", "lines[37]", "RUNNING", 89, null, { total: null }),
      run("sizes", "lines[37]/sizes[2]", "RUNNING", 93, null),
      run("stop", "lines[37]/sizes[2]", "RUNNING", 94, null),
      run("enough", "lines[38]", "RUNNING", 94, null),
    ],
    waits: [
      {
        id: "w9",
        node_id: "ask",
        path: "lines[39]",
        kind: "human",
        opened_at: at(61),
        wake_at: null,
        resolved_at: null,
      },
    ],
  };
}

/** What the server would answer about iterations. */
export function iterationPage(address: URL, total = 42): { results: Iteration[]; next: null } {
  const after = Number(address.searchParams.get("after") ?? -1);
  const size = Number(address.searchParams.get("page_size") ?? 100);
  const container = address.searchParams.get("container") ?? "";
  const outer = address.searchParams.get("path") ?? "";
  const state = address.searchParams.get("state");
  const many = container === "sizes" ? 3 : total;
  const results: Iteration[] = [];
  for (let index = after + 1; index < many && results.length < size; index++) {
    const isFailed = container === "lines" && (index === 11 || index === 23);
    const isOpen = container === "lines" && index > 36 && total === 42;
    const own: NodeState = isFailed ? "FAILED" : isOpen ? "RUNNING" : "COMPLETED";
    if (state && state !== own) continue;
    results.push({
      index,
      path: `${outer ? `${outer}/` : ""}${container}[${index}]`,
      state: own,
      started_at: at(0.1 + index * 2.3),
      finished_at: isOpen ? null : at(2 + index * 2.3 + (index % 7) * 0.9),
      error: isFailed
        ? { code: "http.status", message: "POST /stock answered 503 Service Unavailable." }
        : null,
    });
  }
  return { results, next: null };
}

export function iterationScope(path: string, seq = 400): Scope {
  if (path.includes("/"))
    return {
      path,
      seq,
      counts: [],
      waits: [],
      node_runs: [
        run("sizes", path, "COMPLETED", 90, 91),
        run("label", path, "COMPLETED", 90, 90.4),
        run("stop", path, "SKIPPED", 90.4, 90.4, { started_at: null }),
      ],
    };
  const index = Number(path.slice(6, -1));
  const begun = 0.1 + index * 2.3;
  if (index === 11 || index === 23) {
    const error = { code: "http.status", message: "POST /stock answered 503 Service Unavailable." };
    return {
      path,
      seq,
      counts: [],
      waits: [],
      node_runs: [
        run("lines", path, "FAILED", begun, begun + 3, { error, port: null }),
        run("reserve", path, "FAILED", begun, begun + 3, { error, port: null }),
      ],
    };
  }
  if (index === 39)
    return {
      path,
      seq,
      counts: [],
      waits: loopSnapshot().waits,
      node_runs: [
        run("lines", path, "RUNNING", 60, null),
        run("reserve", path, "COMPLETED", 60, 60.6),
        run("enough", path, "COMPLETED", 60.7, 60.7, { port: "false" }),
        run("sizes", path, "SKIPPED", 60.7, 60.7, { started_at: null }),
        run("ask", path, "WAITING_INPUT", 61, null),
      ],
    };
  return {
    path,
    seq,
    counts: [
      count("sizes", "COMPLETED", 3, null, true),
      count("label", "COMPLETED", 3),
      count("stop", "COMPLETED", 1),
      count("stop", "SKIPPED", 2, null),
    ],
    waits: [],
    node_runs: [
      run("lines", path, "COMPLETED", begun, begun + 2),
      run("reserve", path, "COMPLETED", begun, begun + 0.6),
      run("enough", path, "COMPLETED", begun + 0.6, begun + 0.6, { port: "true" }),
      run("sizes", path, "COMPLETED", begun + 0.6, begun + 2),
      run("ask", path, "SKIPPED", begun + 0.6, begun + 0.6, { started_at: null }),
    ],
  };
}

export const loopData = (snapshot?: Snapshot): CanvasData => ({
  mode: snapshot ? "execution" : "workflow",
  definition: loopDefinition,
  node_types: loopTypes,
  node_ports: { lines: ["main", "error"], stop: [], skip: [] },
  ...(snapshot
    ? {
        snapshot,
        api: {
          execution: "/sample/executions/0194",
          node_run: "/sample/executions/0194",
          iterations: "/sample/executions/0194/iterations",
          iteration: "/sample/executions/0194/node-runs",
        },
      }
    : {}),
});

/** `many` messages of one loop, the kind of feed a large run makes. */
export function* messagesOf(many: number, from = 400): Generator<ChangeMessage> {
  for (let step = 0; step < many; step++) {
    const index = 42 + Math.floor(step / 5);
    const path = `lines[${index}]`;
    const now = new Date().toISOString();
    const phase = step % 5;
    yield {
      seq: from + step + 1,
      at: now,
      changes:
        phase === 0
          ? [
              { node_id: "lines", path, state: "RUNNING", attempt: 1, started_at: now },
              { node_id: "reserve", path, state: "RUNNING", attempt: 1, started_at: now },
            ]
          : phase === 1
            ? [
                { node_id: "reserve", path, state: "COMPLETED", attempt: 1, port: "main", finished_at: now },
                {
                  node_id: "enough",
                  path,
                  state: "COMPLETED",
                  attempt: 1,
                  port: "true",
                  started_at: now,
                  finished_at: now,
                },
              ]
            : phase === 2
              ? [{ node_id: "sizes", path, state: "RUNNING", attempt: 1, started_at: now }]
              : phase === 3
                ? [{ node_id: "sizes", path, state: "COMPLETED", attempt: 1, port: "main", finished_at: now }]
                : [
                    {
                      node_id: "lines",
                      path,
                      state: index % 40 === 0 ? "FAILED" : "COMPLETED",
                      attempt: 1,
                      finished_at: now,
                    },
                  ],
    };
  }
}

/** Answers for the API of the sample run, then the run itself; `live` plays so many messages a second. */
export async function begin(
  query: URLSearchParams,
  island: (data: CanvasData) => Promise<void>,
): Promise<void> {
  const fetched = window.fetch;
  const answer = (value: unknown): Response =>
    new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } });
  window.fetch = async (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input), location.href);
    if (!url.pathname.startsWith("/sample/executions/")) return fetched(input, init);
    if (url.pathname.endsWith("/iterations")) return answer(iterationPage(url));
    const shown = (run: NodeRun): NodeRun => ({
      ...run,
      input: { sku: "TBL-OAK-200", quantity: 1 },
      params: { method: "POST", url: "https://api.example.com/stock" },
      output: { left: 4, reserved: true },
      logs: [],
    });
    const whole = url.pathname.endsWith("/node-runs")
      ? iterationScope(url.searchParams.get("path") ?? "")
      : loopSnapshot();
    return answer({ ...whole, node_runs: whole.node_runs.map(shown) });
  };
  const data = loopData(loopSnapshot());
  const rate = Number(query.get("live") ?? 0);
  if (rate > 0) {
    window.WebSocket = feedOf(
      rate,
      messagesOf(Number(query.get("messages") ?? 2000)),
    ) as unknown as typeof WebSocket;
    data.live_url = "/ws/executions/0194/";
  }
  await island(data);
}

/** A socket that sends so many messages in bursts, `rate` a second. */
export function feedOf(rate: number, messages: Iterator<ChangeMessage>): new () => object {
  return class {
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: string }) => void) | null = null;

    constructor() {
      setTimeout(() => this.onopen?.(), 50);
      const beat = setInterval(() => {
        for (let sent = 0; sent < rate / 50; sent++) {
          const { value, done } = messages.next();
          if (done) return clearInterval(beat);
          this.onmessage?.({ data: JSON.stringify(value) });
        }
      }, 20);
    }

    close(): void {}
  };
}
