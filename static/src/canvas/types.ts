/** The shapes the server gives the canvas. They are the API's own; nothing is renamed on the way. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface NodeDocument {
  id: string;
  name: string;
  type: string;
  subtype: string;
  params?: Record<string, Json>;
  /** The container it sits in. */
  parent?: string | null;
  /** From the container's top left corner for a node inside one, else from the canvas's own. */
  position?: { x: number; y: number } | null;
  notes?: string;
  disabled?: boolean;
  /** The TOOL and MEMORY nodes an agent uses. */
  attached?: string[];
  on_error?: string | null;
  retry?: Record<string, Json> | null;
  on_unknown?: string | null;
  timeout_seconds?: number | null;
  milestone?: boolean;
  /** Given back instead of running, in test runs. Its presence counts, also of null. */
  pinned_output?: Json;
}

export interface ConnectionDocument {
  from: string;
  port: string;
  to: string;
  input?: string;
  /** It leads on where this holds. */
  condition?: string | null;
  /** What arrives instead of what the other step gave. */
  mapping?: Json;
}

/** Something on the canvas for people alone: a note, or a frame around nodes. */
export interface Annotation {
  id: string;
  kind?: "note" | "frame";
  text?: string;
  position: { x: number; y: number };
  width?: number;
  height?: number;
  color?: "yellow" | "blue" | "green" | "red" | "violet" | "grey";
  author?: string;
  written_at?: string;
}

export interface Definition {
  nodes: NodeDocument[];
  connections: ConnectionDocument[];
  settings?: Record<string, Json>;
  annotations?: Annotation[];
}

/** One thing the lint has to say. */
export interface Finding {
  severity: "error" | "warning";
  code: string;
  path: string;
  node_id: string;
  message: string;
  /** What to do about it, for people. */
  fix: string;
  /** What a machine can do about it; see `editor/document/fixes.ts`. */
  fixes?: Fix[];
}

/** A way to mend something: what it does in words, and the changes. */
export interface Fix {
  title: string;
  edits: DefinitionEdit[];
}

type Ends = Pick<ConnectionDocument, "from" | "port" | "to" | "input">;

/** One change of a definition. Nodes and connections are named, never counted. Without a value, `set` takes away. */
export type DefinitionEdit =
  | { op: "set"; node?: string; connection?: Ends; path: (string | number)[]; value?: Json }
  | { op: "add"; node: NodeDocument }
  | { op: "remove"; node: string }
  | { op: "connect" | "disconnect"; connection: Ends };

/** One entry of `GET /api/v1/app/node-types`. */
export interface NodeTypeEntry {
  type: string;
  subtype: string;
  name: string;
  summary: string;
  description?: string;
  icon: string;
  ports: string[];
  /** The card's second line, with parameters in braces: "{method} {url}". */
  summary_template?: string;
  is_trigger?: boolean;
  /** Nodes can be drawn inside: a loop. */
  is_container?: boolean;
  /** How often it is tried, and how long it may take, unless a node says otherwise. */
  retry?: { attempts: number; delay_seconds: number; max_delay_seconds: number };
  timeout_seconds?: number;
  on_unknown?: string;
  params_schema?: Json;
  output_schema?: Json;
  keywords?: string[];
  examples?: { title: string; params: Record<string, Json>; returns: Json }[];
}

export type ExecutionStatus =
  | "NEW"
  | "RUNNING"
  | "WAITING"
  | "WAITING_FOR_HUMAN"
  | "PAUSED"
  | "SUCCESS"
  | "ERROR"
  | "CANCELED"
  | "TIMED_OUT";

export type NodeState =
  | "PENDING"
  | "RUNNING"
  | "WAITING_INPUT"
  | "RETRYING"
  | "NEEDS_REVIEW"
  | "COMPLETED"
  | "FAILED"
  | "SKIPPED"
  | "CANCELED";

export interface RunError {
  code: string;
  message?: string;
  hint?: string;
  node_id?: string;
  /** What is known beyond words, such as the other system's answer. Not in the page's own snapshot. */
  details?: { [key: string]: Json };
}

export interface Attempt {
  number: number;
  started_at: string | null;
  finished_at: string | null;
  error: RunError | null;
}

export interface LogLine {
  at?: string;
  level?: string;
  message: string;
  data?: Json;
}

/** How far a node says it is; of how many, when that is known. */
export interface Progress {
  done: number;
  total: number | null;
}

export interface NodeRun {
  node_id: string;
  path: string;
  state: NodeState;
  attempt: number;
  max_attempts?: number | null;
  port?: string | null;
  also?: string[];
  /** The conditions of connections from here that did not hold. */
  unmet?: string[];
  started_at: string | null;
  finished_at: string | null;
  error?: RunError | null;
  retry_at?: string | null;
  attempts?: Attempt[];
  /** Of a container: how many iterations there will be, when that is known. */
  total?: number | null;
  /** How far it says it is, while it runs. */
  progress?: Progress;
  /** The execution this result was taken over from. */
  kept_from?: string | null;
  /** Payloads: only in an answer to `?node=<id>`. */
  input?: Json;
  params?: Json;
  output?: Json;
  logs?: LogLine[];
  /** Values too large to come along, by their names above. */
  large?: Record<string, LargeValue>;
  /** The executions a SUB_WORKFLOW started, the first of them. */
  children?: ChildRun[];
}

/** What is known of a value that is kept elsewhere: its size in bytes, how its JSON begins, where to get it. */
export interface LargeValue {
  size: number;
  head: string;
  url: string;
}

/** An execution that a node started. */
export interface ChildRun {
  id: string;
  index: number;
  workflow_name: string;
  status: ExecutionStatus;
  created_at: string;
  finished_at: string | null;
}

/** Why an execution stands still: a person holds it, or it reached a breakpoint before these nodes (path, id). */
export interface Hold {
  by: string;
  at: string;
  reason?: string;
  nodes?: [string, string][];
}

export interface Wait {
  id: string;
  node_id: string;
  path?: string;
  kind: string;
  opened_at: string;
  wake_at: string | null;
  resolved_at: string | null;
  resolved_by?: string | null;
  title?: string;
}

/** How many node runs inside containers have settled alike. `is_iteration`: they are rounds of `node_id` itself. */
export interface Count {
  node_id: string;
  is_iteration: boolean;
  state: NodeState;
  port: string | null;
  count: number;
}

/**
 * What ran at one level and below it: that level's node runs in full, of deeper ones those that are still open; what
 * has settled deeper is only counted. The path of the workflow's own level is "".
 */
export interface Scope {
  path?: string;
  seq: number;
  node_runs: NodeRun[];
  counts: Count[];
  waits: Wait[];
}

/** One row of `GET executions/<id>/iterations`. */
export interface Iteration {
  index: number;
  path: string;
  state: NodeState;
  started_at: string | null;
  finished_at: string | null;
  error?: RunError | null;
}

export interface Snapshot extends Scope {
  id: string;
  workflow_id: string;
  workflow_name: string;
  version: number | null;
  status: ExecutionStatus;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  trigger?: string;
  mode?: string;
  error: RunError | null;
  definition: Definition;
  remaining_nodes: string[];
  resume_count: number;
  hold?: Hold | null;
}

/** What a node run became. Never a payload. */
export interface NodeRunChange {
  node_id: string;
  path?: string;
  state: NodeState;
  attempt?: number;
  max_attempts?: number | null;
  port?: string | null;
  also?: string[];
  unmet?: string[];
  started_at?: string | null;
  finished_at?: string | null;
  error_code?: string | null;
  retry_at?: string | null;
  attempts?: Attempt[];
  progress?: Progress;
  total?: number | null;
  kept_from?: string;
}

export interface StatusChange {
  status: ExecutionStatus;
  started_at?: string | null;
  finished_at?: string | null;
  error_code?: string | null;
  resume_count?: number;
}

/** A wait that closes brings only its id and how it ended. */
export interface WaitChange {
  wait: Partial<Wait> & { id: string; node_id: string };
}

export type Change = NodeRunChange | StatusChange | WaitChange;

export interface ChangeMessage {
  seq: number;
  at?: string;
  changes?: Change[];
}

/** The page's `json_script`. */
export interface CanvasData {
  mode: "workflow" | "execution";
  definition: Definition;
  node_types: NodeTypeEntry[];
  snapshot?: Snapshot;
  live_url?: string;
  /** Nodes a test run stops before. */
  breakpoints?: string[];
  /** Output ports by node id, where they depend on parameters. Missing nodes take their type's ports. */
  node_ports?: Record<string, string[]>;
  /** What is different from another definition: nodes by their ids, connections by their ends (`wayId`). */
  changes?: Readonly<Record<string, "added" | "removed" | "changed" | "moved">>;
  /** Pages that do something with a step, for those who may. */
  links?: { rerun?: string; test?: string };
  api?: {
    execution?: string;
    node_run?: string;
    events?: string;
    /** Where iterations and the node runs of one are asked for. */
    iterations?: string;
    iteration?: string;
    /** Where the steps of a node run are asked for. */
    steps?: string;
  };
}

export const TERMINAL: ReadonlySet<ExecutionStatus> = new Set(["SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"]);
export const ENDED: ReadonlySet<NodeState> = new Set(["COMPLETED", "FAILED", "SKIPPED", "CANCELED"]);
