/** What the page gives the editor. */

import type { Definition, Finding, NodeTypeEntry } from "../canvas/types.ts";

export interface WorkflowInfo {
  id: string;
  name: string;
  description: string;
  /** The path of its folder; empty in none. */
  folder?: string;
  status: "draft" | "active" | "paused" | "archived";
  /** The number of the latest published version. */
  version: number | null;
  draft_revision: number;
  updated_at: string;
  has_unpublished_changes: boolean;
}

/** The page's `json_script`. */
export interface EditorData {
  workflow: WorkflowInfo;
  definition: Definition;
  node_types: NodeTypeEntry[];
  node_ports: Record<string, string[]>;
  findings: Finding[];
  /** Permissions by their names in lower case: `workflow_execute`. */
  may: Record<string, boolean>;
  me: { id: string; name: string };
  workspace: { slug: string; name: string };
  /** `/api/v1/app/workflows/<id>/` */
  api: string;
  /** `/w/<workspace>/workflows/<id>/` */
  page: string;
}
