/** The editor of JSON, loaded when the first one is drawn. */

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, keymap, tooltips } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";
import { difference } from "./field.ts";
import { parseJson } from "./json.ts";
import { adoptStyles } from "./sheet.ts";

const fromOutside = Annotation.define<boolean>();
const colours = tagHighlighter([
  { tag: tags.propertyName, class: "json-key" },
  { tag: tags.string, class: "json-string" },
  { tag: tags.number, class: "json-number" },
  { tag: [tags.bool, tags.null], class: "json-keyword" },
]);

export interface JsonMirror {
  setText: (text: string) => void;
  setAttributes: (attributes: Record<string, string>) => void;
  destroy: () => void;
}

interface Options {
  text: string;
  isReadOnly: boolean;
  attributes: Record<string, string>;
  onChange: (text: string) => void;
}

export function mountJson(parent: HTMLElement, options: Options): JsonMirror {
  adoptStyles();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        json(),
        syntaxHighlighting(colours),
        bracketMatching(),
        closeBrackets(),
        indentOnInput(),
        indentUnit.of("  "),
        EditorView.lineWrapping,
        EditorState.readOnly.of(options.isReadOnly),
        EditorView.contentAttributes.of({ "aria-multiline": "true", ...options.attributes }),
        tooltips({ position: "fixed", parent: document.body }),
        linter((now) => {
          const { problem } = parseJson(now.state.doc.toString());
          if (!problem) return [];
          const from = Math.min(problem.at, Math.max(0, now.state.doc.length - 1));
          return [
            {
              from,
              to: now.state.doc.length === 0 ? 0 : from + 1,
              severity: "error",
              message: problem.message,
            },
          ];
        }),
        // Tab leaves the editor: whoever has no mouse must get out again.
        keymap.of(
          [...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]
            .filter(({ key }) => key !== "Mod-Enter" && key !== "Escape")
            .map((binding) => ({ ...binding, stopPropagation: true })),
        ),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged || update.transactions.every((one) => one.annotation(fromOutside))) return;
          options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText: (text) => {
      const before = view.state.doc.toString();
      if (text === before) return;
      view.dispatch({ changes: difference(before, text), annotations: fromOutside.of(true) });
    },
    setAttributes: (attributes) => {
      for (const [name, value] of Object.entries(attributes)) view.contentDOM.setAttribute(name, value);
    },
    destroy: () => view.destroy(),
  };
}
