import { useEffect, useMemo } from "react";
import { type Difference, difference } from "../document/diff.ts";
import { useEditor } from "../store.ts";
import { definitionOf, useHistory } from "./store.ts";

/** What the draft has that the latest published version has not; null while that is not known, or there is none. */
export function usePublished(): Difference | null {
  const number = useEditor((state) => state.workflow.version);
  const definition = useEditor((state) => state.definition);
  const published = useHistory((state) => (number === null ? undefined : state.definitions[number]));
  useEffect(() => {
    // The bar says less without it, and asks again with the next version.
    if (number !== null) definitionOf(number).catch(() => undefined);
  }, [number]);
  return useMemo(() => (published ? difference(published, definition) : null), [published, definition]);
}
