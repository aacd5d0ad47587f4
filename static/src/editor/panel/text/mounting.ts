/** A text of several lines in CodeMirror: everything about its life. Loaded with the first field that needs it. */

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { adoptStyles } from "../../expression/sheet.ts";

const fromOutside = Annotation.define<boolean>();

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-key)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.bool, tags.null, tags.keyword], color: "var(--code-keyword)" },
  { tag: tags.comment, color: "var(--text-3)", fontStyle: "italic" },
  { tag: tags.standard(tags.variableName), color: "var(--code-key)" },
]);

export interface TextOptions {
  text: string;
  label: string;
  isReadOnly: boolean;
  placeholder: string;
  onChange: (text: string) => void;
  /** What the text is written in. */
  language: Extension;
}

export interface MountedText {
  setText: (text: string) => void;
  setReadOnly: (isReadOnly: boolean) => void;
  setLanguage: (language: Extension) => void;
  destroy: () => void;
}

export function mountText(parent: HTMLElement, options: TextOptions): MountedText {
  adoptStyles();
  const [editable, written] = [new Compartment(), new Compartment()];
  const locked = (is: boolean) => [EditorState.readOnly.of(is), EditorView.editable.of(!is)];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        written.of(options.language),
        closeBrackets(),
        bracketMatching(),
        syntaxHighlighting(colours),
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
    setLanguage: (language) => view.dispatch({ effects: written.reconfigure(language) }),
    destroy: () => view.destroy(),
  };
}
