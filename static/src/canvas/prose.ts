/** Words of a docstring, or the code that stood between backticks. */
export interface Piece {
  text: string;
  isCode: boolean;
}

/**
 * A docstring as paragraphs of words and code. Lines that were broken to fit the source are joined; an empty line
 * begins a paragraph. A backtick without its other half stays as it is.
 */
export function paragraphs(doc: string): Piece[][] {
  return doc
    .split(/\n\s*\n/)
    .map((block) => block.replace(/\s+/g, " ").trim())
    .filter(Boolean)
    .map(pieces);
}

function pieces(line: string): Piece[] {
  return line
    .split(/(`[^`]+`)/)
    .filter(Boolean)
    .map((text) =>
      /^`[^`]+`$/.test(text) ? { text: text.slice(1, -1), isCode: true } : { text, isCode: false },
    );
}
