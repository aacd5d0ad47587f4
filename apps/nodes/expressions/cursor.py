"""Going through the tokens of one expression, and what all of reading it shares: errors, nesting, height."""

from typing import NoReturn

from apps.nodes.expressions import ast
from apps.nodes.expressions.budget import MAX_HEIGHT
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.grammar import FOREIGN_NAMES, SYMBOL_HINTS, WORDS
from apps.nodes.expressions.lexer import END, NAME, NUMBER, Token


class Cursor:
    """A place in a row of tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._next = tokens[0]
        self._heights: dict[int, int] = {}

    def _peek(self, ahead: int) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next
        if token.kind != END:
            self._at += 1
            self._next = self._tokens[self._at]
        return token

    def _is(self, symbol: str) -> bool:
        return self._next.kind == "symbol" and self._next.text == symbol

    def _expect(self, symbol: str, purpose: str) -> Token:
        if not self._is(symbol):
            self._fail(f"expected {symbol} {purpose}, found {shown(self._next)}", SYMBOL_HINTS.get(self._next.text, ""))
        return self._take()

    def _fail(self, message: str, hint: str = "", token: Token | None = None) -> NoReturn:
        raise ExprError(message, hint=hint, column=(token or self._next).start + 1)

    def _unexpected(self) -> NoReturn:
        word = self._next.text
        hint = SYMBOL_HINTS.get(word) or WORDS.get(word) or FOREIGN_NAMES.get(word) or self._odd_key(self._at)
        self._fail(f"unexpected {shown(self._next)}", hint)

    def _odd_key(self, at: int) -> str:
        """What to write when the token there seems to be part of a key that is no name."""
        if at < 1:
            return ""
        before, here = self._tokens[at - 1], self._tokens[at]
        dot, first = self._tokens[max(at - 2, 0)], self._tokens[max(at - 3, 0)]
        if here.kind == NUMBER and here.text[0] == "." and here.text[1:].isdigit():
            return f"an item of a list is written [{int(here.text[1:])}]"
        if here.kind != NAME:
            return ""
        if before.kind == NAME and dot.text in (".", "?."):
            return f'a key with a space is written ["{before.text} {here.text}"]'
        if before.text == "-" and first.text in (".", "?.") and dot.end == before.start and before.end == here.start:
            return f'a key with a dash is written ["{dot.text}-{here.text}"]'
        return ""

    def _made(self, node: ast.Node) -> ast.Node:
        height = 1 + max((self._heights[id(child)] for child in ast.children(node)), default=0)
        if height > MAX_HEIGHT:
            raise ExprError("the expression has too many operations in a row", column=node.start + 1)
        self._heights[id(node)] = height
        return node


def shown(token: Token) -> str:
    """A token as messages name it."""
    return "the end" if token.kind == END else token.text if len(token.text) <= 30 else token.text[:30] + "…"
