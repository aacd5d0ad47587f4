/** What is known of iterations, as messages leave it. Pure. */

import { indexOf, isIterationOf, outerOf } from "./paths.ts";
import { applyToScope } from "./reducer.ts";
import type { CanvasState, Loaded } from "./store.ts";
import type { ChangeMessage } from "./types.ts";

/** The levels that are looked at, with what the messages say of them. */
export function advance(
  scopes: CanvasState["scopes"],
  messages: readonly ChangeMessage[],
): CanvasState["scopes"] {
  const paths = Object.keys(scopes);
  if (paths.length === 0) return scopes;
  return Object.fromEntries(
    paths.map((path) => {
      const loaded = scopes[path] as Loaded;
      return [
        path,
        loaded.status === "ready" ? { ...loaded, scope: applyToScope(loaded.scope, messages) } : loaded,
      ];
    }),
  );
}

export const listKey = (container: string, outer: string, state = ""): string =>
  `${container} ${outer} ${state}`;

/** Rows of iterations that are listed, as the messages leave them. Rows nobody asked for are not kept. */
export function listsAfter(
  lists: CanvasState["lists"],
  messages: readonly ChangeMessage[],
): CanvasState["lists"] {
  if (Object.keys(lists).length === 0) return lists;
  let next = lists;
  for (const message of messages)
    for (const change of message.changes ?? []) {
      if (!("state" in change) || !change.path || !isIterationOf(change.path, change.node_id)) continue;
      const key = listKey(change.node_id, outerOf(change.path));
      const row = next[key]?.[indexOf(change.path)];
      if (!row) continue;
      const { state, started_at = row.started_at, finished_at = row.finished_at } = change;
      const error = change.error_code ? { code: change.error_code } : null;
      next = {
        ...next,
        [key]: { ...next[key], [row.index]: { ...row, state, started_at, finished_at, error } },
      };
    }
  return next;
}
