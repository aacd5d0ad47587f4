import { useState } from "react";
import { paragraphs } from "../../../canvas/prose.ts";
import { firstSentence } from "./values.ts";

/** A help text: its first sentence, the rest on demand. */
export function Help({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const [first, rest] = firstSentence(text);
  if (!first) return null;
  return (
    <>
      <Prose text={isWhole ? text : first} />
      {rest ? (
        <>
          {" "}
          <button
            type="button"
            className="form-more"
            aria-expanded={isWhole}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole ? "Less" : "More"}
          </button>
        </>
      ) : null}
    </>
  );
}

/** Words with the code in them set apart. */
export function Prose({ text }: { text: string }) {
  return paragraphs(text)
    .flat()
    .map((piece, at) =>
      piece.isCode ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change while it is shown
        <code key={at} className="form-code">
          {piece.text}
        </code>
      ) : (
        piece.text
      ),
    );
}
