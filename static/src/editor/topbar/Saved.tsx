import { count } from "../document/diff.ts";
import { usePublished } from "../history/published.ts";
import { useSaving, wordsOf } from "../sync/state.ts";

const TROUBLE: ReadonlySet<string> = new Set(["retrying", "refused", "undecided"]);

/** Whether the server has what is on the screen, and how far that is from what is live. */
export function Saved() {
  const words = useSaving(wordsOf);
  const isTrouble = useSaving(({ phase }) => TROUBLE.has(phase));
  const changes = useUnpublished();
  return (
    <span className="workflow-saved" role="status" data-trouble={isTrouble || undefined} title={words}>
      {words}
      {changes > 0 && !isTrouble ? `, ${changes} ${changes === 1 ? "change" : "changes"}` : ""}
    </span>
  );
}

/** In how many places the draft differs from the latest published version; 0 where nothing is published. */
function useUnpublished(): number {
  const difference = usePublished();
  return difference ? count(difference) : 0;
}
