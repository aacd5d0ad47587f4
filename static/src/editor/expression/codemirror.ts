/** The text editor of a field. Loaded when the first field is drawn; everything about CodeMirror's life is here. */

import {
  acceptCompletion,
  autocompletion,
  type CompletionSource,
  closeBrackets,
  closeBracketsKeymap,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, isolateHistory, standardKeymap } from "@codemirror/commands";
import { Annotation, Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, type KeyBinding, keymap, placeholder, tooltips } from "@codemirror/view";
import { assistance, completions, type KnowledgeNow, markProblem, rowParts } from "./assist.ts";
import {
  closingBrace,
  difference,
  PATH_TYPE,
  type Placed,
  secondBrace,
  withHole,
  withPath,
} from "./field.ts";
import { highlighting } from "./highlight.ts";
import { adoptStyles } from "./sheet.ts";
import { holeAt, holesOf } from "./tokens.ts";

/** A change that came from outside and is not told back. */
const fromOutside = Annotation.define<boolean>();

export interface FieldOptions {
  text: string;
  isMultiline: boolean;
  isReadOnly: boolean;
  placeholder: string;
  /** Attributes of the element that has the focus: its name, its description, whether it is invalid. */
  attributes: Record<string, string>;
  onChange: (text: string) => void;
  onFocus?: (hasFocus: boolean) => void;
  /** What completion and hover know of. */
  knowledgeNow: KnowledgeNow;
}

export interface FieldEditor {
  view: EditorView;
  /** Takes over a text that changed elsewhere. */
  setText: (text: string) => void;
  setAttributes: (attributes: Record<string, string>) => void;
  setReadOnly: (isReadOnly: boolean) => void;
  /** Puts a text where the cursor is, as it is. */
  insertText: (text: string) => void;
  /** Puts a path where the cursor is, as an expression. */
  insertPath: (path: string) => void;
  /** Puts a line under the place of an error, counted from 1; null takes it away. */
  markProblem: (column: number | null) => void;
  /** Shows everything that can be written here. */
  insertField: () => boolean;
  focus: (at?: "end" | "inside") => void;
  destroy: () => void;
}

export function mountField(parent: HTMLElement, options: FieldOptions): FieldEditor {
  adoptStyles();
  const attributes = new Compartment();
  const editable = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        highlighting,
        closeBrackets(),
        EditorState.languageData.of(pairs),
        Prec.highest(keymap.of(keysOf(options))),
        keymap.of([...closeBracketsKeymap, ...own(historyKeymap), ...own(defaultKeymap), ...standardKeymap]),
        braces,
        drops,
        EditorView.lineWrapping,
        options.isMultiline ? [] : oneLine,
        placeholder(options.placeholder),
        tooltips({ position: "fixed", parent: document.body }),
        completing(completions(options.knowledgeNow), options.isMultiline),
        assistance(options.knowledgeNow),
        attributes.of(EditorView.contentAttributes.of(options.attributes)),
        editable.of(readOnly(options.isReadOnly)),
        EditorView.updateListener.of((update) => {
          if (update.focusChanged) options.onFocus?.(update.view.hasFocus);
          if (!update.docChanged) return;
          if (update.transactions.every((one) => one.annotation(fromOutside))) return;
          options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  const put = ({ text, at }: Placed, userEvent: string): void => {
    const changes = difference(view.state.doc.toString(), text);
    const annotations = isolateHistory.of("full");
    view.dispatch({ changes, selection: { anchor: at }, userEvent, annotations, scrollIntoView: true });
    view.focus();
  };
  return {
    view,
    setText: (text) => {
      const before = view.state.doc.toString();
      if (text === before) return;
      view.dispatch({ changes: difference(before, text), annotations: fromOutside.of(true) });
    },
    setAttributes: (next) =>
      view.dispatch({ effects: attributes.reconfigure(EditorView.contentAttributes.of(next)) }),
    setReadOnly: (next) => view.dispatch({ effects: editable.reconfigure(readOnly(next)) }),
    insertText: (text) => {
      const at = view.state.selection.main.to + text.length - (text.endsWith("()") ? 1 : 0);
      view.dispatch(view.state.replaceSelection(text), {
        selection: { anchor: at },
        userEvent: "input.complete",
      });
      view.focus();
    },
    insertPath: (path) => {
      const { from, to } = view.state.selection.main;
      put(withPath(view.state.doc.toString(), from, to, path), "input.drop");
    },
    markProblem: (column) => markProblem(view, column),
    insertField: () => insertField(view),
    focus: (at) => {
      view.focus();
      if (!at) return;
      const text = view.state.doc.toString();
      const first = at === "inside" ? holesOf(text)[0] : undefined;
      view.dispatch({ selection: { anchor: first ? first.end - (first.isClosed ? 3 : 0) : text.length } });
    },
    destroy: () => view.destroy(),
  };
}

const readOnly = (isReadOnly: boolean): Extension => [
  EditorState.readOnly.of(isReadOnly),
  EditorView.contentAttributes.of(isReadOnly ? { "aria-readonly": "true" } : {}),
];

/** Opens the list; outside of an expression one is begun for it. */
function insertField(view: EditorView): boolean {
  const text = view.state.doc.toString();
  const { from, to } = view.state.selection.main;
  if (view.state.readOnly) return false;
  if (!holeAt(holesOf(text), from)) {
    const placed = withHole(text, from, to);
    view.dispatch({
      changes: difference(text, placed.text),
      selection: { anchor: placed.at },
      userEvent: "input.type",
      scrollIntoView: true,
    });
  }
  view.focus();
  return startCompletion(view);
}

function keysOf({ isMultiline }: FieldOptions): KeyBinding[] {
  const keys: KeyBinding[] = [
    { key: "Ctrl-Space", run: insertField },
    { key: "Mod-i", run: insertField, preventDefault: true, stopPropagation: true },
  ];
  // In one line Enter takes what the list offers and does nothing else.
  if (!isMultiline) keys.push({ key: "Enter", run: (view) => acceptCompletion(view) || true });
  return keys;
}

/** Keys that mean something in the editor around are this field's while it has the focus. */
const own = (keys: readonly KeyBinding[]): KeyBinding[] =>
  keys
    .filter(({ key }) => key !== "Mod-Enter" && key !== "Escape")
    .map((binding) => ({ ...binding, stopPropagation: true }));

const oneLine: Extension = [
  EditorView.clipboardInputFilter.of((text) => text.replace(/\s*\n\s*/g, " ").trim()),
  EditorView.contentAttributes.of({ "aria-multiline": "false" }),
];

/** Brackets and quotes close themselves in expressions; in the text around, they are only signs. */
const pairs = (state: EditorState, at: number): { closeBrackets: { brackets: string[] } }[] => {
  const isInside = holeAt(holesOf(state.doc.toString()), at) !== undefined;
  return [{ closeBrackets: { brackets: isInside ? ["(", "[", "{", "'", '"', "`"] : [] } }];
};

const completing = (source: CompletionSource, isMultiline: boolean): Extension =>
  autocompletion({
    override: [source],
    icons: false,
    activateOnTypingDelay: 40,
    // In one line Enter means nothing else, so nobody takes a row by mistake.
    ...(isMultiline ? {} : { interactionDelay: 0 }),
    maxRenderedOptions: 60,
    tooltipClass: () => (isMultiline ? "expr-list" : "expr-list expr-list-line"),
    addToOptions: rowParts,
    // Below the list, which is as wide, rather than beside it.
    positionInfo: () => ({ class: "expr-below" }),
  });

const braces = Prec.high(
  EditorView.inputHandler.of((view, from, to, typed) => {
    if (from !== to) return false;
    const before = view.state.doc.toString();
    // The space after two braces is there already.
    if (typed === " " && before.slice(from - 3, from + 3) === "{{  }}") return true;
    const placed =
      typed === "{" ? secondBrace(before, from) : typed === "}" ? closingBrace(before, from) : null;
    if (!placed) return false;
    view.dispatch({
      changes: difference(before, placed.text),
      selection: { anchor: placed.at },
      userEvent: "input.type",
    });
    if (typed === "{") startCompletion(view);
    return true;
  }),
);

const drops = EditorView.domEventHandlers({
  dragover: (event) => {
    if (!event.dataTransfer?.types.includes(PATH_TYPE)) return false;
    event.dataTransfer.dropEffect = "copy";
    event.preventDefault();
    return true;
  },
  drop: (event, view) => {
    const path = event.dataTransfer?.getData(PATH_TYPE);
    if (!path || view.state.readOnly) return false;
    event.preventDefault();
    const text = view.state.doc.toString();
    const at = view.posAtCoords({ x: event.clientX, y: event.clientY }) ?? text.length;
    const placed = withPath(text, at, at, path);
    view.dispatch({
      changes: difference(text, placed.text),
      selection: { anchor: placed.at },
      userEvent: "input.drop",
      annotations: isolateHistory.of("full"),
    });
    view.focus();
    return true;
  },
});
