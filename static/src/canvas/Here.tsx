import { ancestorsOf } from "./family.ts";
import { Icon } from "./Icon.tsx";
import { runAt } from "./scope.ts";
import { useCanvas } from "./store.ts";
import { TERMINAL } from "./types.ts";

/** Leads to running an execution again from a step; from inside a container, from the outermost container. */
export function AgainFromHere({ id }: { id: string }) {
  const url = useCanvas((state) => state.data.links?.rerun);
  const outermost = useCanvas((state) => ancestorsOf(state.family, id)[0] ?? id);
  const name = useCanvas((state) => state.cards[outermost]?.node.name ?? outermost);
  const isPossible = useCanvas(({ snapshot }) => {
    const state = snapshot && TERMINAL.has(snapshot.status) ? runAt(snapshot, outermost)?.state : undefined;
    return state !== undefined && state !== "PENDING" && state !== "SKIPPED";
  });
  if (!url || !isPossible) return null;
  return (
    <a
      className="btn btn-sm push"
      href={`${url}?from=node:${encodeURIComponent(outermost)}`}
      title={outermost === id ? undefined : `From “${name}”, which it is inside of`}
    >
      <Icon name="rotate-cw" size={14} />
      Run again from here
    </a>
  );
}

/** Leads to testing a step of the draft: alone, or with what comes before it. */
export function TestHere({ id }: { id: string }) {
  const url = useCanvas((state) => state.data.links?.test);
  const isInside = useCanvas((state) => ancestorsOf(state.family, id).length > 0);
  if (!url || isInside) return null;
  return (
    <a className="btn btn-sm" href={`${url}?node=${encodeURIComponent(id)}`}>
      <Icon name="play" size={14} />
      Test this step
    </a>
  );
}
