/** Expressions stand out from the text around them, and their words from one another. */

import { type EditorState, RangeSetBuilder, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import { holesOf, type TokenKind } from "./tokens.ts";

const hole = Decoration.mark({ class: "expr-hole", inclusive: false });
const words = new Map<TokenKind, Decoration>(
  (["number", "text", "regex", "piece", "root", "unknown"] as const).map((kind) => [
    kind,
    Decoration.mark({ class: `expr-${kind}` }),
  ]),
);
const keyword = Decoration.mark({ class: "expr-keyword" });
const KEYWORDS: ReadonlySet<string> = new Set(["true", "false", "null"]);

export const highlighting = StateField.define<DecorationSet>({
  create: draw,
  update: (now, { docChanged, state }) => (docChanged ? draw(state) : now),
  provide: (field) => EditorView.decorations.from(field),
});

function draw(state: EditorState): DecorationSet {
  const marks = new RangeSetBuilder<Decoration>();
  for (const { start, end, tokens } of holesOf(state.doc.toString())) {
    marks.add(start, end, hole);
    for (const token of tokens) {
      const mark = token.kind === "name" && KEYWORDS.has(token.text) ? keyword : words.get(token.kind);
      if (mark) marks.add(token.start, token.end, mark);
    }
  }
  return marks.finish();
}
