"""Source text into tokens."""

import re
from dataclasses import dataclass
from typing import Final

from apps.nodes.expressions.budget import INTEGER_LIMIT, MAX_EXPRESSION
from apps.nodes.expressions.errors import ExprError

NUMBER: Final = "number"
TEXT: Final = "text"
NAME: Final = "name"
ROOT: Final = "root"
REGEX: Final = "regex"
PIECE: Final = "piece"
"""What a text in back-quotes has before a `${`."""
LAST_PIECE: Final = "last piece"
"""What it has after its last `}`."""
SYMBOL: Final = "symbol"
END: Final = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the source. `text` is a symbol's spelling, a name, a pattern; `value` what a literal stands for."""

    kind: str
    text: str
    start: int
    end: int
    value: int | float | str | None = None


_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s++)
    | (?P<number>(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+)
    | (?P<text>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    | (?P<root>\$\w*+)
    | (?P<name>[^\W\d]\w*+)
    | (?P<symbol>===|!==|==|!=|<=|>=|=>|\?\?|\?\.(?![0-9])|&&|\|\||\*\*|\.\.\.|\+\+|--|[-+*/%<>!?:.,()\[\]{}=;&|^~])
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECE: Final = re.compile(r"[`}](?P<text>(?:[^`\\$]|\\.|\$(?!\{))*+)(?P<end>`|\$\{)", re.DOTALL)
_REGEX: Final = re.compile(r"/(?P<pattern>(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*+\])++)/(?P<flags>[A-Za-z]*+)")
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "\n": ""}
_LOOKALIKES: Final = {
    **dict.fromkeys("“”„«»‟", 'write straight quotes: "'),
    **dict.fromkeys("‘’‚`´", "write straight quotes: '"),
    **dict.fromkeys("–—−", "write -"),
    **dict.fromkeys("#@", "write $json for the input"),
    "×": "write *",
    "÷": "write /",
    "≠": "write !=",
    "≤": "write <=",
    "≥": "write >=",
    "…": "write ...",
}
"""What looks like a sign of the language, as text programs put it there."""
_VALUE_ENDS: Final = frozenset({NUMBER, TEXT, NAME, ROOT, REGEX, LAST_PIECE})


def tokenize(source: str, start: int = 0, *, in_template: bool = False) -> tuple[list[Token], int]:
    """The tokens of the expression beginning at `start`, closed by an END token, and the offset after it.

    In a template the expression ends before the first `}}` that closes no bracket of its own. Offsets count from the
    beginning of `source`. Raises ExprError for what is no token, an expression that is too long or never closed.
    """
    tokens: list[Token] = []
    limit = min(len(source), start + MAX_EXPRESSION + 2)
    position = start
    braces = 0
    opened: list[int] = []  # how many braces were open where each `${` began
    while position < limit:
        if in_template and not braces and source.startswith("}}", position):
            break
        character = source[position]
        is_resumed = character == "}" and bool(opened) and opened[-1] == braces
        if character == "`" or is_resumed:
            if is_resumed:
                braces = opened.pop() - 1
            token, goes_on = _piece(source, position, limit, is_first=not is_resumed)
            tokens.append(token)
            position = token.end
            if goes_on:
                braces += 1
                opened.append(braces)
            continue
        if character == "/" and _regex_may_start(tokens):
            found = _REGEX.match(source, position, limit)
            if found:
                token = Token(REGEX, found["pattern"], position, found.end(), found["flags"])
                tokens.append(token)
                position = found.end()
                continue
        found = _TOKEN.match(source, position, limit)
        if not found:
            raise _unreadable(source, position, is_cut=limit < len(source))
        kind, text, end = found.lastgroup, found[0], found.end()
        if kind == "symbol":
            braces += (text == "{") - (text == "}")
            tokens.append(Token(SYMBOL, text, position, end))
        elif kind == "number":
            tokens.append(Token(NUMBER, text, position, end, _number(text, position)))
        elif kind == "text":
            tokens.append(Token(TEXT, text, position, end, _unescape(text[1:-1], position)))
        elif kind == "name" or kind == "root":
            tokens.append(Token(kind, text, position, end))
        position = end
    else:
        if limit == len(source) and in_template:
            raise ExprError("this {{ is never closed", hint="write }} after the expression", column=max(start - 1, 1))
    if position - start > MAX_EXPRESSION:
        hint = f"the limit is {MAX_EXPRESSION:,} characters"
        raise ExprError("the expression is too long", hint=hint, column=start + 1)
    tokens.append(Token(END, "", position, position))
    return tokens, position


def _piece(source: str, position: int, limit: int, *, is_first: bool) -> tuple[Token, bool]:
    """What a text in back-quotes has from here to a `${` or its end, and whether an expression follows."""
    found = _PIECE.match(source, position, limit)
    if not found:
        raise _unreadable(source, position, is_cut=limit < len(source))
    goes_on = found["end"] != "`"
    kind = PIECE if goes_on else TEXT if is_first else LAST_PIECE
    text = found[0] if kind == TEXT else source[position]
    return Token(kind, text, position, found.end(), _unescape(found["text"], position)), goes_on


def _regex_may_start(tokens: list[Token]) -> bool:
    if not tokens:
        return True
    last = tokens[-1]
    return last.kind == PIECE or (last.kind not in _VALUE_ENDS and last.text not in (")", "]", "}"))


def _unreadable(source: str, position: int, *, is_cut: bool) -> ExprError:
    character = source[position]
    if character in "\"'`}":
        hint = f"write {'`' if character == '}' else character} after it"
        if is_cut:
            hint += f"; an expression has at most {MAX_EXPRESSION:,} characters"
        return ExprError("this text is never closed", hint=hint, column=position + 1)
    shown = character if character.isprintable() else f"character {ord(character)}"
    hint = _LOOKALIKES.get(character, "")
    return ExprError(f"unexpected {shown}", hint=hint, column=position + 1)


def _number(text: str, position: int) -> int | float:
    if text.isdigit():
        if len(text) > 80 or (value := int(text)) >= INTEGER_LIMIT:
            raise ExprError("the number is too large", column=position + 1)
        return value
    result = float(text)
    if result == float("inf"):
        raise ExprError("the number is too large", column=position + 1)
    return result


def _unescape(inner: str, position: int) -> str:
    if "\\" not in inner:
        return inner

    def replace(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code is None and found[4] != "0":
            return _SIMPLE_ESCAPES.get(found[4], found[4])
        number = int(code or "0", 16)
        if number == 0 or number > 0x10FFFF:
            raise ExprError("this character cannot be part of a text", column=position + found.start() + 2)
        return chr(number)

    plain = _ESCAPE.sub(replace, inner)
    if any("\ud800" <= character <= "\udfff" for character in plain):
        # Two \u escapes may spell one character; a half on its own is no text.
        try:
            plain = plain.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeError:
            raise ExprError("this text contains half a character", column=position + 1) from None
    return plain
