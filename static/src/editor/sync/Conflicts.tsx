import { useState } from "react";
import type { Definition, Json } from "../../canvas/types.ts";
import { valueAt } from "../document/choices.ts";
import type { Conflict } from "../document/merge.ts";
import { useEditor } from "../store.ts";
import { decide } from "./saving.ts";
import { ELSEWHERE, useSaving } from "./state.ts";
import { partsOf, placeOf, wordsFor } from "./telling.ts";

/** The places where two people changed the same: each with both sides, until somebody chose. */
export function Conflicts({ conflicts }: { conflicts: readonly Conflict[] }) {
  const definition = useEditor((state) => state.definition);
  const saved = useEditor((state) => state.saved);
  const saver = useSaving((state) => state.takenOver?.by);
  const by = saver || "Somebody else";
  const [isFolded, fold] = useState(false);
  const count = conflicts.length === 1 ? "the same place" : `the same ${conflicts.length} places`;
  return (
    <section className="sync-conflicts" aria-label="Changes to choose from">
      <header>
        <div className="grow">
          <h2>
            {by === ELSEWHERE
              ? "You, here and elsewhere, changed"
              : `You and ${by === "Somebody else" ? "somebody else" : by} changed`}{" "}
            {count}
          </h2>
          <p>
            Everything else is put together already. Yours is on the canvas; nothing is saved until you have
            chosen.
          </p>
        </div>
        <button
          type="button"
          className="btn btn-sm btn-ghost"
          aria-expanded={!isFolded}
          onClick={() => fold(!isFolded)}
        >
          {isFolded ? "Show" : "Hide"}
        </button>
      </header>
      {isFolded ? null : (
        <>
          <ul>
            {conflicts.map((conflict) => (
              <li key={conflict.path.join("\n")}>
                <Place conflict={conflict} definition={definition} saved={saved} by={by} />
              </li>
            ))}
          </ul>
          {conflicts.length > 1 ? (
            <footer>
              <button type="button" className="btn btn-sm" onClick={() => decide(conflicts, "mine")}>
                Keep all of mine
              </button>
              <button type="button" className="btn btn-sm" onClick={() => decide(conflicts, "theirs")}>
                Take all of theirs
              </button>
            </footer>
          ) : null}
        </>
      )}
    </section>
  );
}

function Place({
  conflict,
  definition,
  saved,
  by,
}: {
  conflict: Conflict;
  definition: Definition;
  saved: Definition;
  by: string;
}) {
  const kept = valueAt(definition, conflict.path);
  const isRemoval = conflict.mine === undefined || conflict.theirs === undefined;
  const { mine, theirs } = isRemoval
    ? { mine: conflict.mine, theirs: conflict.theirs }
    : { mine: kept, theirs: conflict.theirs };
  const [node, member] = placeOf(conflict, definition, saved);
  return (
    <fieldset className="sync-place">
      <legend>
        <b>{node}</b> {member}
      </legend>
      <Side
        words="Yours"
        value={mine}
        other={theirs}
        label="Keep mine"
        onChoose={() => decide([conflict], "mine")}
      />
      <Side
        words={by === "Somebody else" ? "Theirs" : by}
        value={theirs}
        other={mine}
        label="Take theirs"
        onChoose={() => decide([conflict], "theirs")}
      />
    </fieldset>
  );
}

function Side({
  words,
  value,
  other,
  label,
  onChoose,
}: {
  words: string;
  value: Json | undefined;
  other: Json | undefined;
  label: string;
  onChoose: () => void;
}) {
  const [start, middle, end] = partsOf(wordsFor(value), wordsFor(other));
  return (
    <div className="sync-side">
      <span className="label">{words}</span>
      <pre>
        {value === undefined ? (
          <i>removed</i>
        ) : (
          <>
            {start}
            <mark>{middle}</mark>
            {end}
          </>
        )}
      </pre>
      <button type="button" className="btn btn-sm" onClick={onChoose}>
        {label}
      </button>
    </div>
  );
}
