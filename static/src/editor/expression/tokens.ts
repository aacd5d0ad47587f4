/**
 * The words of expressions, as the server reads them (apps/nodes/expressions/lexer.py). Reads on where something is
 * wrong: an editor shows what is half written.
 */

export type TokenKind = "number" | "text" | "name" | "root" | "regex" | "piece" | "symbol" | "unknown";

export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
}

/** One `{{ … }}` of a text, its braces included; without an end it goes to the end of the text. */
export interface Hole {
  start: number;
  end: number;
  isClosed: boolean;
  tokens: Token[];
}

const WORD =
  /(?<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?<text>"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$))|(?<root>\$[\p{L}\p{N}_]*)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>===|!==|==|!=|<=|>=|=>|\?\?|\?\.(?![0-9])|&&|\|\||\*\*|\.\.\.|\+\+|--|[-+*/%<>!?:.,()[\]{}=;&|^~])/suy;
const PIECE = /[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:(?<last>`)|\$\{|$)/suy;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[A-Za-z]*/suy;
const ENDS_VALUE: ReadonlySet<TokenKind> = new Set(["number", "text", "name", "root", "regex"]);

/** Every expression in a text. */
export function holesOf(text: string): Hole[] {
  const found: Hole[] = [];
  for (let start = text.indexOf("{{"); start !== -1; ) {
    const { tokens, end } = tokenize(text, start + 2);
    const isClosed = text.startsWith("}}", end);
    const after = isClosed ? end + 2 : text.length;
    found.push({ start, end: after, isClosed, tokens });
    start = text.indexOf("{{", after);
  }
  return found;
}

export const hasExpression = (value: unknown): value is string =>
  typeof value === "string" && value.includes("{{");

/** The expression around a place in a text, its braces not included in what counts as inside. */
export const holeAt = (holes: readonly Hole[], at: number): Hole | undefined =>
  holes.find((hole) => at >= hole.start + 2 && at <= (hole.isClosed ? hole.end - 2 : hole.end));

/** The words from `start` to the `}}` that closes no bracket of its own, or to the end of the text. */
function tokenize(source: string, start: number): { tokens: Token[]; end: number } {
  const tokens: Token[] = [];
  const opened: number[] = []; // how many braces were open where each `${` began
  let [at, braces] = [start, 0];
  while (at < source.length) {
    if (braces === 0 && source.startsWith("}}", at)) break;
    const character = source[at] ?? "";
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const isResumed = character === "}" && opened.length > 0 && opened.at(-1) === braces;
    if (character === "`" || isResumed) {
      if (isResumed) braces = (opened.pop() ?? 1) - 1;
      PIECE.lastIndex = at;
      const found = PIECE.exec(source);
      const text = found?.[0] ?? character;
      const goesOn = text.endsWith("${");
      tokens.push({ kind: goesOn ? "piece" : "text", text, start: at, end: at + text.length });
      at += text.length;
      if (goesOn) {
        braces++;
        opened.push(braces);
      }
      continue;
    }
    const token = (mayBeRegex(tokens) && character === "/" && match(REGEX, source, at)) || word(source, at);
    if (token.text === "{") braces++;
    if (token.text === "}") braces--;
    tokens.push(token);
    at = token.end;
  }
  return { tokens, end: at };
}

function word(source: string, at: number): Token {
  WORD.lastIndex = at;
  const found = WORD.exec(source);
  if (!found) return { kind: "unknown", text: source[at] ?? "", start: at, end: at + 1 };
  const kind = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined)?.[0] as TokenKind;
  return { kind, text: found[0], start: at, end: at + found[0].length };
}

function match(pattern: RegExp, source: string, at: number): Token | null {
  pattern.lastIndex = at;
  const found = pattern.exec(source);
  return found ? { kind: "regex", text: found[0], start: at, end: at + found[0].length } : null;
}

function mayBeRegex(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  return !last || (!ENDS_VALUE.has(last.kind) && ![")", "]", "}"].includes(last.text));
}
