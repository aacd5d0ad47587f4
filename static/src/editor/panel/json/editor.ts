/** JSON in CodeMirror: everything about its life. Loaded with the first field that needs it. */

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { adoptStyles } from "../../expression/sheet.ts";

const fromOutside = Annotation.define<boolean>();

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-key)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.bool, tags.null], color: "var(--code-keyword)" },
]);

export interface JsonOptions {
  text: string;
  label: string;
  isReadOnly: boolean;
  placeholder: string;
  onChange: (text: string) => void;
}

export interface MountedJson {
  setText: (text: string) => void;
  setReadOnly: (isReadOnly: boolean) => void;
  destroy: () => void;
}

export function mountJson(parent: HTMLElement, options: JsonOptions): MountedJson {
  adoptStyles();
  const editable = new Compartment();
  const locked = (is: boolean) => [EditorState.readOnly.of(is), EditorView.editable.of(!is)];
  const parse = jsonParseLinter();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        json(),
        closeBrackets(),
        bracketMatching(),
        syntaxHighlighting(colours),
        linter((editor) => (editor.state.doc.toString().trim() === "" ? [] : parse(editor)), { delay: 300 }),
        EditorView.lineWrapping,
        placeholder(options.placeholder),
        keymap.of([
          ...[...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab].map((binding) => ({
            ...binding,
            stopPropagation: true,
          })),
        ]),
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        editable.of(locked(options.isReadOnly)),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          if (update.transactions.every((one) => one.annotation(fromOutside))) return;
          options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText: (text) => {
      if (view.state.doc.toString() === text) return;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        annotations: fromOutside.of(true),
      });
    },
    setReadOnly: (is) => view.dispatch({ effects: editable.reconfigure(locked(is)) }),
    destroy: () => view.destroy(),
  };
}
