/** Completion, hover and marks of errors inside an editor: what `completing` finds, as CodeMirror shows it. */

import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
  pickedCompletion,
} from "@codemirror/autocomplete";
import { isolateHistory } from "@codemirror/commands";
import { type Extension, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, hoverTooltip } from "@codemirror/view";
import { type Knowledge, operandAt } from "./chains.ts";
import { complete, type Option } from "./completing.ts";
import { type FunctionEntry, languageNow, loadLanguage } from "./language.ts";
import { holeAt, holesOf } from "./tokens.ts";
import { brief, kindOf } from "./values.ts";

export type KnowledgeNow = () => Knowledge;

interface Offered extends Completion {
  option: Option;
}

/** The list for the place of the cursor. Asked for once and then kept in step with what is typed, without a gap. */
export const completions = (knowledgeNow: KnowledgeNow): CompletionSource => {
  const found = (context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString();
    const list = complete(text, context.pos, knowledgeNow(), languageNow(), context.explicit);
    if (!list || list.options.length === 0) return null;
    return {
      from: list.from,
      options: list.options.map((option) => offered(option, list.to)),
      filter: false,
      getMatch: (completion) => (completion as Offered).option.matches.flat(),
      update: (_before, _from, _to, now) => found(now),
    };
  };
  return async (context) => {
    await loadLanguage();
    return context.aborted ? null : found(context);
  };
};

function offered(option: Option, to: number): Offered {
  return {
    label: option.label,
    option,
    apply: (view, completion, from) => {
      const anchor = from + (option.cursor ?? option.insert.length);
      view.dispatch({
        changes: { from, to: Math.min(to, view.state.doc.length), insert: option.insert },
        selection: { anchor },
        userEvent: "input.complete",
        // Undone by itself, not with what was typed around it.
        annotations: [pickedCompletion.of(completion), isolateHistory.of("full")],
      });
    },
    info: () => footer(option),
  };
}

/** Type before, value behind: as CodeMirror's list takes parts of a row. */
export const rowParts = [
  {
    position: 20,
    render: (completion: Completion) => part("expr-kind", (completion as Offered).option.kind),
  },
  {
    position: 80,
    render: (completion: Completion) => {
      const { value, isExample } = (completion as Offered).option;
      return part(isExample ? "expr-value is-example" : "expr-value", value);
    },
  },
];

/** What stands below the list: what is chosen, what the keys do, and who set it. */
function footer(option: Option): Node {
  const foot = document.createElement("div");
  foot.className = "expr-foot";
  if (option.entry) foot.append(explained(option.entry));
  else if (option.doc) foot.append(part("expr-doc", option.doc));
  const keys = part("expr-keys", "");
  keys.append(key("↵"), " insert", key("Ctrl Space"), " all");
  const by = option.by ? `${option.isExample ? "Example for" : "Set by"} ${option.by}` : "";
  keys.append(part("expr-by", by));
  foot.append(keys);
  return foot;
}

/** A function's signature, what it does, and an example with what that gives. */
export function explained(entry: FunctionEntry): HTMLElement {
  const found = part("expr-explained", "");
  found.append(part("expr-signature", entry.signature), part("expr-doc", entry.doc));
  if (entry.example) {
    const example = part("expr-example", "");
    example.append(entry.example, part("expr-result", ` → ${JSON.stringify(entry.result)}`));
    found.append(example);
  }
  return found;
}

function part(className: string, text: string): HTMLElement {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

function key(text: string): HTMLElement {
  const made = document.createElement("kbd");
  made.textContent = text;
  return made;
}

// ── Hover ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a word is: the value it reaches, or what the function does. */
export const hovers = (knowledgeNow: KnowledgeNow): Extension =>
  hoverTooltip(
    async (view, at) => {
      const language = await loadLanguage();
      const hole = holeAt(holesOf(view.state.doc.toString()), at);
      const index = hole?.tokens.findIndex(({ start, end }) => start <= at && at < end) ?? -1;
      const token = hole?.tokens[index];
      if (!hole || !token || (token.kind !== "name" && token.kind !== "root")) return null;
      const isCalled = hole.tokens[index + 1]?.text === "(";
      const entry = isCalled
        ? language.functions.find(
            ({ methods, globals }) => methods.includes(token.text) || globals.includes(token.text),
          )
        : undefined;
      const operand = operandAt(hole.tokens, index, knowledgeNow(), language);
      const doc = language.roots.find(({ name }) => name === token.text)?.doc;
      if (!entry && !doc && (operand?.value === undefined || operand === null)) return null;
      return {
        pos: token.start,
        end: token.end,
        above: true,
        create: () => {
          const dom = part("expr-hover", "");
          if (entry) dom.append(explained(entry));
          else {
            if (doc) dom.append(part("expr-doc", doc));
            if (operand?.value !== undefined) {
              const value = part("expr-hover-value", "");
              value.append(
                part("expr-kind", kindOf(operand.value)),
                part("expr-value", brief(operand.value, 200)),
              );
              if (operand.by)
                value.append(
                  part("expr-by", `${operand.isExample ? "Example for" : "Set by"} ${operand.by}`),
                );
              dom.append(value);
            }
          }
          return { dom };
        },
      };
    },
    { hoverTime: 350 },
  );

// ── Errors ───────────────────────────────────────────────────────────────────────────────────────────────────────

const setProblem = StateEffect.define<number | null>();
const wrong = Decoration.mark({ class: "expr-wrong" });

const problems = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, { effects, changes, state }) => {
    const effect = effects.find((each) => each.is(setProblem));
    if (!effect) return marks.map(changes);
    const column = effect.value as number | null;
    const range = column === null ? null : around(state.doc.toString(), column - 1);
    return range ? Decoration.set([wrong.range(...range)]) : Decoration.none;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The word at a place, or the sign before it: something to put a line under. */
function around(text: string, at: number): [number, number] | null {
  if (text === "") return null;
  const hole = holesOf(text).find(({ start, end }) => start <= at && at <= end);
  const token = hole?.tokens.find(({ start, end }) => start <= at && at < end);
  if (token) return [token.start, token.end];
  const from = Math.max(0, Math.min(at, text.length - 1));
  return [from, from + 1];
}

/** Puts a line under the place of an error; null takes it away. */
export const markProblem = (view: EditorView, column: number | null): void =>
  view.dispatch({ effects: setProblem.of(column) });

export const assistance = (knowledgeNow: KnowledgeNow): Extension => [hovers(knowledgeNow), problems];

/** Begins to load what completion needs, so that the first list comes at once. */
export const prepare = (): void => {
  if (languageNow().functions.length === 0) void loadLanguage();
};
