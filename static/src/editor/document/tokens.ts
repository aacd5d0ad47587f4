/** The words of expressions, as the server reads them (apps/nodes/expressions/lexer.py). Pure. */

export type TokenKind = "number" | "text" | "name" | "root" | "regex" | "piece" | "last piece" | "symbol";

/** One word: where it stands in the whole text, and for a text what it stands for. */
export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
  value?: string;
}

/** One `{{ … }}` of a text: what is inside, as far as it can be read, and where it ends. */
export interface Stretch {
  start: number;
  end: number;
  tokens: Token[];
  /** Whether it can be read to its end. */
  isWhole: boolean;
}

const WORD = "[\\p{L}\\p{N}_]";
const TOKEN = new RegExp(
  [
    "(?<space>\\s+)",
    "(?<number>(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
    "(?<text>\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*')",
    `(?<root>\\$${WORD}*)`,
    `(?<name>(?!\\p{Nd})${WORD}+)`,
    "(?<symbol>===|!==|==|!=|<=|>=|=>|\\?\\?|\\?\\.(?![0-9])|&&|\\|\\||\\*\\*|\\.\\.\\.|\\+\\+|--|[-+*/%<>!?:.,()[\\]{}=;&|^~])",
  ].join("|"),
  "uys",
);
const PIECE = /[`}](?<text>(?:[^`\\$]|\\.|\$(?!\{))*)(?<end>`|\$\{)/suy;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[A-Za-z]*/suy;
const ESCAPE = /\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))/gsu;
const SIMPLE: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  "\n": "",
  "0": "\0",
};
const ENDS_A_VALUE = new Set<TokenKind>(["number", "text", "name", "root", "regex", "last piece"]);

/** Every `{{ … }}` of a text. One that cannot be read is the last. */
export function stretchesOf(text: string): Stretch[] {
  const found: Stretch[] = [];
  for (let at = text.indexOf("{{"); at >= 0; ) {
    const stretch = tokenize(text, at + 2);
    found.push(stretch);
    if (!stretch.isWhole) break;
    at = text.indexOf("{{", stretch.end + 2);
  }
  return found;
}

/** The words of the expression that begins at `start`, up to the first `}}` that closes no bracket of its own. */
export function tokenize(source: string, start: number): Stretch {
  const tokens: Token[] = [];
  let position = start;
  let braces = 0;
  const opened: number[] = []; // how many braces were open where each `${` began
  const stretch = (isWhole: boolean): Stretch => ({ start, end: position, tokens, isWhole });
  while (position < source.length) {
    if (braces === 0 && source.startsWith("}}", position)) return stretch(true);
    const character = source[position];
    const isResumed = character === "}" && opened.at(-1) === braces;
    if (character === "`" || isResumed) {
      if (isResumed) {
        opened.pop();
        braces--;
      }
      const found = match(PIECE, source, position);
      if (!found) return stretch(false);
      const goesOn = found.groups?.end !== "`";
      const kind: TokenKind = goesOn ? "piece" : isResumed ? "last piece" : "text";
      const end = position + found[0].length;
      const value = unescaped(found.groups?.text ?? "");
      tokens.push({ kind, text: found[0], start: position, end, value });
      position = end;
      if (goesOn) opened.push(++braces);
      continue;
    }
    const regex = character === "/" && regexMayStart(tokens) ? match(REGEX, source, position) : null;
    if (regex) {
      const end = position + regex[0].length;
      tokens.push({ kind: "regex", text: regex[0], start: position, end });
      position = end;
      continue;
    }
    const found = match(TOKEN, source, position);
    if (!found) return stretch(false);
    const text = found[0];
    const end = position + text.length;
    const kind = Object.entries(found.groups ?? {}).find(([, group]) => group !== undefined)?.[0];
    if (kind === "symbol") braces += Number(text === "{") - Number(text === "}");
    if (kind === "text")
      tokens.push({ kind, text, start: position, end, value: unescaped(text.slice(1, -1)) });
    else if (kind !== "space") tokens.push({ kind: kind as TokenKind, text, start: position, end });
    position = end;
  }
  return stretch(false);
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function regexMayStart(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  if (!last || last.kind === "piece") return true;
  return !ENDS_A_VALUE.has(last.kind) && ![")", "]", "}"].includes(last.text);
}

function unescaped(inner: string): string {
  return inner.replace(ESCAPE, (whole, braced, four, two, other: string | undefined) => {
    const code: string | undefined = braced ?? four ?? two;
    if (code === undefined) return SIMPLE[other ?? ""] ?? other ?? whole;
    const number = Number.parseInt(code, 16);
    if (number > 0x10ffff) return whole;
    return four === undefined ? String.fromCodePoint(number) : String.fromCharCode(number);
  });
}
