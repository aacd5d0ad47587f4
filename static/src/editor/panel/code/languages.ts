/**
 * Python and JavaScript as far as colours, brackets, comments and indents need them: what stands in a code field is a
 * function's body of some lines, for which whole grammars would weigh more than the rest of the form.
 */

import { indentUnit, StreamLanguage, type StringStream } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

export type CodeLanguage = "python" | "javascript";

interface Words {
  keywords: ReadonlySet<string>;
  constants: ReadonlySet<string>;
  /** What the sandbox gives to every piece of code. */
  given: ReadonlySet<string>;
}

interface State {
  /** Inside a text that may go on in the next line: how it ends. */
  ends: string | null;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));
const GIVEN = set("input items item index");

const PYTHON: Words = {
  keywords: set(
    "and as assert async await break class continue def del elif else except finally for from global if import in is " +
      "lambda match nonlocal not or pass raise return try while with yield",
  ),
  constants: set("True False None"),
  given: GIVEN,
};
const JAVASCRIPT: Words = {
  keywords: set(
    "async await break case catch class const continue default delete do else export extends finally for function if " +
      "import in instanceof let new of return static super switch throw try typeof var void while yield",
  ),
  constants: set("true false null undefined NaN Infinity this"),
  given: GIVEN,
};

/** The kind of the next token, as CodeMirror names it; null for what has no colour. */
export function tokenOf(stream: StringStream, state: State, language: CodeLanguage): string | null {
  if (state.ends !== null) return rest(stream, state, state.ends);
  if (stream.eatSpace()) return null;
  if (language === "python" ? stream.match("#") : stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  if (language === "javascript" && stream.match("/*")) return rest(stream, state, "*/");
  const opened =
    language === "python" ? stream.match(/^[rbfuRBFU]{0,2}("""|'''|"|')/) : stream.match(/^["'`]/);
  if (Array.isArray(opened)) return rest(stream, state, opened[1] ?? opened[0] ?? "");
  if (stream.match(/^(0[xXoObB][\da-fA-F_]+n?|(\d[\d_]*)?\.?\d[\d_]*([eE][+-]?\d+)?n?)/)) return "number";
  if (stream.match(/^[A-Za-z_$][\w$]*/)) {
    const before = stream.string.slice(0, stream.start).trimEnd();
    return before.endsWith(".")
      ? null
      : wordOf(stream.current(), language === "python" ? PYTHON : JAVASCRIPT);
  }
  stream.next();
  return null;
}

function wordOf(word: string, { keywords, constants, given }: Words): string | null {
  if (keywords.has(word)) return "keyword";
  if (constants.has(word)) return "bool";
  return given.has(word) ? "variableName.standard" : null;
}

/** To the end of a text or comment, or of the line where it goes on in the next one. */
function rest(stream: StringStream, state: State, ends: string): string {
  const kind = ends === "*/" ? "comment" : "string";
  state.ends = ends;
  while (!stream.eol()) {
    if (kind === "string" && stream.match("\\")) stream.next();
    else if (stream.match(ends)) {
      state.ends = null;
      return kind;
    } else stream.next();
  }
  if (ends === '"' || ends === "'") state.ends = null;
  return kind;
}

const languageOf = (language: CodeLanguage) =>
  StreamLanguage.define<State>({
    name: language,
    startState: () => ({ ends: null }),
    copyState: (state) => ({ ...state }),
    token: (stream, state) => tokenOf(stream, state, language),
    languageData: {
      commentTokens:
        language === "python" ? { line: "#" } : { line: "//", block: { open: "/*", close: "*/" } },
      closeBrackets: { brackets: ["(", "[", "{", "'", '"', ...(language === "python" ? [] : ["`"])] },
    },
  });

const known: Record<CodeLanguage, Extension> = {
  python: [languageOf("python"), indentUnit.of("    ")],
  javascript: [languageOf("javascript"), indentUnit.of("  ")],
};

export const codeLanguage = (language: CodeLanguage): Extension => known[language];
