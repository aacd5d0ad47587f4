import type { CanvasData, Definition, NodeTypeEntry, Snapshot } from "../canvas/types.ts";

/** The order approval of the mock-ups as the server would hand it over. */

const entry = (
  type: string,
  subtype: string,
  name: string,
  icon: string,
  summary_template: string,
  ports: string[] = ["main"],
  rest: Partial<NodeTypeEntry> = {},
): NodeTypeEntry => ({ type, subtype, name, icon, summary_template, ports, summary: `${name}.`, ...rest });

export const nodeTypes: NodeTypeEntry[] = [
  entry("TRIGGER", "WEBHOOK", "Webhook", "webhook", "{method} /{path}", ["main"], { is_trigger: true }),
  entry("ACTION", "TRANSFORM", "Transform", "braces", "{fields}"),
  entry("ACTION", "HTTP_REQUEST", "HTTP request", "globe", "{method} {url}", ["main"], {
    summary: "Call an HTTP API and return its answer.",
    description: "Redirects are followed. An answer of 4xx fails the step, one of 5xx is tried again.",
    params_schema: {
      properties: {
        method: { title: "Method", type: "string", default: "GET", description: "HTTP method." },
        url: { title: "Url", type: "string", description: "Absolute address; expressions allowed." },
        json: { title: "Json", description: "What is sent as JSON." },
        timeout_seconds: {
          title: "Timeout Seconds",
          type: "number",
          default: 30,
          description: "How long one call may take.",
        },
      },
    },
    output_schema: {
      properties: {
        status: { type: "integer", description: "HTTP status." },
        headers: { type: "object" },
        body: {},
      },
    },
  }),
  entry("FLOW", "MERGE", "Merge", "merge", "Wait for {mode}"),
  entry("FLOW", "IF", "If", "split", "{condition}", ["true", "false"]),
  entry("HUMAN_IN_THE_LOOP", "CONFIRMATION", "Confirmation", "user-check", "{title}", [
    "approved",
    "rejected",
    "timeout",
  ]),
  entry("FLOW", "RESPOND", "Respond", "reply", "Answer {status}"),
  entry("FLOW", "WAIT", "Wait", "timer", "{seconds}"),
];

export const definition: Definition = {
  nodes: [
    {
      id: "hook",
      name: "Order received",
      type: "TRIGGER",
      subtype: "WEBHOOK",
      params: { path: "orders", method: "POST", respond: "result" },
    },
    {
      id: "total",
      name: "Total",
      type: "ACTION",
      subtype: "TRANSFORM",
      params: {
        fields: [
          { name: "total", value: "{{ $json.body.items.map(i => i.price * i.quantity).sum() }}" },
          { name: "order", value: "{{ $json.body.id }}" },
        ],
      },
    },
    {
      id: "stock",
      name: "Stock",
      type: "ACTION",
      subtype: "HTTP_REQUEST",
      params: { method: "GET", url: "https://api.example.com/stock" },
      retry: { attempts: 4 },
      notes: "The stock service restarts at night; four tries are enough.",
    },
    { id: "join", name: "Both known", type: "FLOW", subtype: "MERGE", params: { mode: "all" } },
    {
      id: "big",
      name: "Over 1000?",
      type: "FLOW",
      subtype: "IF",
      params: { condition: '{{ $node["Total"].total > 1000 }}' },
    },
    {
      id: "ask",
      name: "Manager",
      type: "HUMAN_IN_THE_LOOP",
      subtype: "CONFIRMATION",
      params: {
        title: 'Ship order {{ $node["Total"].order }} for {{ $node["Total"].total }}?',
        timeout_seconds: 3600,
      },
    },
    {
      id: "ship",
      name: "Ship",
      type: "ACTION",
      subtype: "HTTP_REQUEST",
      params: {
        method: "POST",
        url: "https://api.example.com/shipments",
        json: { order: '{{ $node["Total"].order }}', express: true },
      },
    },
    { id: "yes", name: "Shipped", type: "FLOW", subtype: "RESPOND", params: { status: 200 } },
    { id: "no", name: "Refused", type: "FLOW", subtype: "RESPOND", params: { status: 200 } },
  ],
  connections: [
    { from: "hook", port: "main", to: "total" },
    { from: "hook", port: "main", to: "stock" },
    { from: "total", port: "main", to: "join" },
    { from: "stock", port: "main", to: "join" },
    { from: "join", port: "main", to: "big" },
    { from: "big", port: "true", to: "ask" },
    { from: "big", port: "false", to: "ship" },
    { from: "ask", port: "approved", to: "ship" },
    { from: "ask", port: "rejected", to: "no" },
    { from: "ask", port: "timeout", to: "no" },
    { from: "ship", port: "main", to: "yes" },
  ],
};

const start = Date.now() - 14 * 60_000 - 43_000;
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

export function snapshot(): Snapshot {
  const done = (node_id: string, from: number, to: number, rest: object = {}) => ({
    node_id,
    path: "",
    state: "COMPLETED" as const,
    attempt: 1,
    max_attempts: 4,
    port: "main",
    started_at: at(from),
    finished_at: at(to),
    error: null,
    attempts: [{ number: 1, started_at: at(from), finished_at: at(to), error: null }],
    ...rest,
  });
  return {
    id: "0193",
    workflow_id: "w1",
    workflow_name: "Order approval",
    version: 14,
    status: "RUNNING",
    seq: 20,
    created_at: at(0),
    started_at: at(0),
    finished_at: null,
    error: null,
    definition,
    remaining_nodes: ["ship", "yes"],
    resume_count: 1,
    counts: [],
    node_runs: [
      done("hook", 0, 0.004),
      done("total", 0.01, 0.012),
      done("stock", 0.01, 1.9, {
        attempt: 2,
        attempts: [
          {
            number: 1,
            started_at: at(0.01),
            finished_at: at(0.62),
            error: { code: "http.503", message: "The server answered 503." },
          },
          { number: 2, started_at: at(1.3), finished_at: at(1.9), error: null },
        ],
      }),
      done("join", 1.91, 1.911),
      done("big", 1.93, 1.931, { port: "true" }),
      done("ask", 2, 877, { port: "approved" }),
      {
        ...done("ship", 877, 877),
        state: "RUNNING",
        finished_at: null,
        port: null,
        attempts: [{ number: 1, started_at: at(877), finished_at: null, error: null }],
      },
      { ...done("no", 877, 877), state: "SKIPPED", port: null, started_at: null, attempts: [] },
    ],
    waits: [
      {
        id: "w",
        node_id: "ask",
        kind: "human",
        opened_at: at(2),
        wake_at: at(3602),
        resolved_at: at(877),
        title: "Ship order A-10482?",
      },
    ],
  };
}

export function waiting(): Snapshot {
  const whole = snapshot();
  return {
    ...whole,
    status: "WAITING_FOR_HUMAN",
    node_runs: whole.node_runs
      .filter((run) => !["ship", "no"].includes(run.node_id))
      .map((run) =>
        run.node_id === "ask" ? { ...run, state: "WAITING_INPUT", finished_at: null, port: null } : run,
      ),
    waits: whole.waits.map((wait) => ({ ...wait, resolved_at: null })),
  };
}

export function failed(): Snapshot {
  const whole = snapshot();
  return {
    ...whole,
    status: "ERROR",
    finished_at: at(9.4),
    remaining_nodes: [],
    error: { code: "http.status", message: "The server answered 503 Service Unavailable.", node_id: "stock" },
    node_runs: whole.node_runs
      .filter((run) => ["hook", "total", "stock"].includes(run.node_id))
      .map((run) =>
        run.node_id === "stock"
          ? {
              ...run,
              state: "FAILED",
              attempt: 3,
              max_attempts: 3,
              port: null,
              finished_at: at(9.4),
              error: {
                code: "http.status",
                message: "GET /stock answered 503 Service Unavailable.",
                hint: "The receiver is down or overloaded. Try again later or raise the number of tries.",
              },
              attempts: [0.01, 2.1, 8.8].map((from, index) => ({
                number: index + 1,
                started_at: at(from),
                finished_at: at(from + 0.6),
                error: { code: "http.status", message: "503 Service Unavailable" },
              })),
            }
          : run,
      ),
    waits: [],
  };
}

export const payload = {
  subject: "Your order A-10482",
  language: "en",
  tone: "warm, brief",
  alternatives: [
    { sku: "TBL-OAK-180", price: 940, in_stock: true },
    { sku: "TBL-OAK-200", price: 1120, in_stock: false },
  ],
  body: "Dear Ms Lindqvist, thank you for your order. The Alva table is being recalled, but two tables close to it are ready to leave our warehouse today.",
};

export const canvasData = (mode: "workflow" | "execution", run?: Snapshot): CanvasData => ({
  mode,
  definition,
  node_types: nodeTypes,
  ...(run ? { snapshot: run, api: { execution: "/sample/executions/0193" } } : {}),
});
