import { StringStream } from "@codemirror/language";
import { expect, it } from "vitest";
import { type CodeLanguage, tokenOf } from "./languages.ts";

const tokens = (language: CodeLanguage, text: string): string[] => {
  const state = { ends: null };
  return text.split("\n").flatMap((line) => {
    const stream = new StringStream(line, 2, 2);
    const found: string[] = [];
    while (!stream.eol()) {
      stream.start = stream.pos;
      const kind = tokenOf(stream, state, language);
      if (kind) found.push(`${kind} ${stream.current()}`);
    }
    return found;
  });
};

it("colours Python", () => {
  expect(tokens("python", "for x in items:  # each\n  return f'a\\'b' + input.return_1 + 1.5e3")).toEqual([
    "keyword for",
    "keyword in",
    "variableName.standard items",
    "comment # each",
    "keyword return",
    "string f'a\\'b'",
    "variableName.standard input",
    "number 1.5e3",
  ]);
  expect(tokens("python", '"""one\n"two" x\n""" is None')).toEqual([
    'string """one',
    'string "two" x',
    'string """',
    "keyword is",
    "bool None",
  ]);
});

it("colours JavaScript", () => {
  expect(tokens("javascript", "/* a\nb */ const y = `x\ny` + item.class // end")).toEqual([
    "comment /* a",
    "comment b */",
    "keyword const",
    "string `x",
    "string y`",
    "variableName.standard item",
    "comment // end",
  ]);
  // A quote without its other half ends with its line.
  expect(tokens("javascript", "'open\nreturn 0x1F")).toEqual([
    "string 'open",
    "keyword return",
    "number 0x1F",
  ]);
});
