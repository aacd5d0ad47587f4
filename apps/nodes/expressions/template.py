"""Parameter texts with `{{ … }}` in them, and whole params values."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, NoReturn

from apps.nodes.expressions.budget import (
    MAX_FUEL,
    MAX_RESOLVE_FUEL,
    MAX_RESOLVE_RESULT,
    MAX_RESULT,
    MAX_TEMPLATE,
    MAX_TEMPLATE_CODE,
    MAX_VALUE_DEPTH,
    Allowance,
    Budget,
)
from apps.nodes.expressions.compiler import Compiler
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.lexer import tokenize
from apps.nodes.expressions.parser import parse
from apps.nodes.expressions.runtime import Closure
from apps.nodes.expressions.scope import Loader, Reference, Scope
from apps.nodes.expressions.values import Json, Value, measure, to_text

OPEN: Final = "{{"
_CLOSE_LENGTH: Final = 2
_SHORT: Final = 256
_NAME: Final = re.compile(r"[^\W\d]\w*")
_UNEXPECTED: Final = (ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError)
_SCALARS: Final = frozenset({type(None), bool, int, float})


class Expression:
    """One compiled expression. It holds no values and may be used by several threads at once."""

    __slots__ = ("_blank", "_body", "_loaders", "paths", "references", "source")

    def __init__(
        self,
        source: str,
        body: Closure,
        loaders: tuple[Loader, ...],
        slot_count: int,
        references: frozenset[Reference],
        paths: frozenset[tuple[str, ...]],
    ) -> None:
        self.source = source
        self.references = references
        """The roots, nodes, ports and variables it reads."""
        self.paths = paths
        """The same down to the fixed keys, as in ("node", "Total", "amount")."""
        self._body = body
        self._loaders = loaders
        self._blank: list[Any] = [None] * slot_count

    @property
    def is_constant(self) -> bool:
        """Whether it gives the same in every scope."""
        return not self.references

    def evaluate(self, scope: Scope, budget: Budget | None = None) -> Json:
        """Its value; raises ExprError, placed, and nothing else but what the scope's own functions raise."""
        if budget is None:
            budget = Budget()
        frame: list[Any] = [budget]
        if self._blank:
            frame += self._blank
        for load in self._loaders:
            try:
                frame.append(load(scope))
            except ExprError as error:
                raise error.at(1) from None
        try:
            value = self._body(frame)
            kind = type(value)
            if value is None or kind is bool:
                return value  # type: ignore[no-any-return]
            if kind is str and len(value) <= MAX_RESULT:
                return value  # type: ignore[no-any-return]
            measure(value)
            return value  # type: ignore[no-any-return]
        except ExprError as error:
            raise error.at(1) from None
        except _UNEXPECTED as error:
            raise _unexpected(error) from error


def _unexpected(error: BaseException) -> ExprError:
    if isinstance(error, RecursionError):
        return ExprError("the value is nested too deeply", column=1)
    if isinstance(error, MemoryError | OverflowError):
        return ExprError("a value is too large", column=1)
    return ExprError("this expression cannot be evaluated with these values", hint=str(error)[:200], column=1)


class Template:
    """One compiled parameter text. It holds no values and may be used by several threads at once."""

    __slots__ = ("_evaluate", "_parts", "is_expression", "paths", "references", "text")

    def __init__(self, text: str, parts: tuple[str | tuple[int, Expression], ...]) -> None:
        self.text = text
        self._parts = parts
        expressions = [part[1] for part in parts if not isinstance(part, str)]
        self.references: frozenset[Reference] = frozenset().union(*(item.references for item in expressions))
        """The roots, nodes, ports and variables it reads."""
        self.paths: frozenset[tuple[str, ...]] = frozenset().union(*(item.paths for item in expressions))
        """The same down to the fixed keys, as in ("node", "Total", "amount")."""
        around = "".join(part for part in parts if isinstance(part, str))
        self.is_expression = len(expressions) == 1 and not around.strip()
        """Whether it is one `{{ … }}` alone, whose value keeps its type."""
        self._evaluate: Callable[[Scope, Budget | None], Json] = self._mixed if expressions else self._plain
        if self.is_expression:
            self._evaluate = self._single(expressions[0])

    @property
    def is_constant(self) -> bool:
        """Whether it gives the same in every scope."""
        return not self.references

    def evaluate(self, scope: Scope, budget: Budget | None = None) -> Json:
        """The value of the one expression it is, or the text with every expression's value in its place.

        Raises ExprError, placed within the text, and nothing else but what the scope's own functions raise. What comes
        out is never read as a template again.
        """
        return self._evaluate(scope, budget)

    def _plain(self, scope: Scope, budget: Budget | None) -> Json:
        return self.text

    def _single(self, expression: Expression) -> Callable[[Scope, Budget | None], Json]:
        offset = next(part[0] for part in self._parts if not isinstance(part, str))
        run = expression.evaluate

        def evaluate(scope: Scope, budget: Budget | None) -> Json:
            try:
                return run(scope, budget)
            except ExprError as error:
                raise error.moved(offset) from error.__cause__

        return evaluate

    def _mixed(self, scope: Scope, budget: Budget | None) -> Json:
        if budget is None:
            budget = Budget()
        pieces = []
        length = 0
        for part in self._parts:
            if isinstance(part, str):
                piece = part
            else:
                offset, expression = part
                try:
                    value = expression.evaluate(scope, budget)
                    piece = value if isinstance(value, str) else to_text(value, budget)
                except ExprError as error:
                    raise error.at(1).moved(offset) from error.__cause__
                except RecursionError as error:
                    raise _unexpected(error).moved(offset) from error
            length += len(piece)
            if length > MAX_RESULT:
                raise ExprError("the text is too long", hint=f"the limit is {MAX_RESULT:,} characters", column=1)
            pieces.append(piece)
        return "".join(pieces)


def _compile_expression(text: str) -> Expression:
    try:
        parsed = parse(text)
        compiler = Compiler(text, parsed.slot_count)
        body = compiler.compile(parsed.tree)
    except (RecursionError, MemoryError) as error:
        raise ExprError("the expression is nested too deeply", column=1) from error
    return Expression(
        text,
        body,
        tuple(compiler.loaders),
        parsed.slot_count,
        frozenset(compiler.references),
        frozenset(compiler.paths),
    )


# Two caches each, so that long texts cannot fill the memory nor push the usual short ones out.
_short_expression = lru_cache(maxsize=1024)(_compile_expression)
_long_expression = lru_cache(maxsize=64)(_compile_expression)


def compile_expression(text: str) -> Expression:
    """Compile a bare expression, without braces around it. Raises ExprError, placed within `text`."""
    return _short_expression(text) if len(text) <= _SHORT else _long_expression(text)


def compile_template(text: str) -> Template:
    """Compile a parameter text. Raises ExprError, placed within `text`. A literal `{{` is written `{{ "{{" }}`."""
    if len(text) <= _SHORT:
        return _short_template(text)
    return _compile_template(text)


def _compile_template(text: str) -> Template:
    parts: list[str | tuple[int, Expression]] = []
    for part in _split(text):
        if isinstance(part, ExprError):
            raise part
        parts.append(part)
    return Template(text, tuple(parts))


_short_template = lru_cache(maxsize=1024)(_compile_template)


def _split(text: str) -> Iterator[str | tuple[int, Expression] | ExprError]:
    """The parts of a template. Where one cannot be read its error stands instead; the rest follows if it can."""
    position = 0
    code = 0
    opened = text.find(OPEN)
    if opened >= 0 and len(text) > MAX_TEMPLATE:
        yield ExprError("the text is too long", hint=f"the limit is {MAX_TEMPLATE:,} characters", column=1)
        return
    while opened >= 0:
        if opened > position:
            yield text[position:opened]
        start = opened + len(OPEN)
        try:
            _, end = tokenize(text, start, in_template=True)
        except ExprError as error:
            yield error
            return
        inner = text[start:end]
        offset = start + len(inner) - len(inner.lstrip())
        code += end - start
        if code > MAX_TEMPLATE_CODE:
            hint = f"the limit is {MAX_TEMPLATE_CODE:,} characters in all"
            yield ExprError("the expressions in this text are too long", hint=hint, column=start + 1)
            return
        try:
            yield offset, compile_expression(inner.strip())
        except ExprError as error:
            yield error.moved(offset)
        position = end + _CLOSE_LENGTH
        opened = text.find(OPEN, position)
    if position < len(text):
        yield text[position:]


# Params values


def _key_path(path: str, key: str) -> str:
    if not _NAME.fullmatch(key):
        return f"{path}[{key[:60]!r}]"
    return f"{path}.{key}" if path else key


def _too_deep(path: str) -> NoReturn:
    raise ExprError("the parameters are nested too deeply", path=path)


def resolve(value: Json, scope: Scope, allowance: Allowance | None = None) -> Json:
    """`value` with every text that contains `{{` replaced by what it evaluates to; keys stay as they are.

    It may cost what the params of one node may, or what is left of `allowance`.
    Containers are new ones; values taken from the scope are shared with it and must not be changed. Raises ExprError
    with its path, and nothing else but what the scope's own functions raise.
    """
    try:
        return _Resolver(scope, allowance).resolve(value, "", 0)
    except RecursionError as error:
        raise ExprError("the parameters are nested too deeply") from error


class _Resolver:
    def __init__(self, scope: Scope, allowance: Allowance | None) -> None:
        self._scope = scope
        self._fuel = MAX_RESOLVE_FUEL
        self._allowance = allowance
        self._room = MAX_RESOLVE_RESULT

    def resolve(self, value: Value, path: str, depth: int) -> Json:
        kind = type(value)
        if kind is str:
            return self._text(value, path) if OPEN in value else value
        if kind in _SCALARS:
            return value  # type: ignore[no-any-return]
        if depth >= MAX_VALUE_DEPTH:
            _too_deep(path)
        if kind is dict:
            return {key: self.resolve(item, _key_path(path, key), depth + 1) for key, item in value.items()}
        if kind is list:
            return [self.resolve(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
        raise ExprError(f"a value of type {kind.__name__} is not JSON", path=path)

    def _text(self, text: str, path: str) -> Json:
        try:
            result = self._evaluated(compile_template(text))
            kind = type(result)
            if kind is str or kind is list or kind is dict:
                self._room -= len(result) if kind is str else measure(result)  # type: ignore[arg-type]
                if self._room < 0:
                    raise ExprError("the results of these parameters are too large together", column=1)
        except ExprError as error:
            raise error.within(path) from error.__cause__
        return result

    def _evaluated(self, template: Template) -> Json:
        if self._allowance is not None:
            with self._allowance.one() as budget:
                return template.evaluate(self._scope, budget)
        budget = Budget(min(MAX_FUEL, self._fuel))
        before = budget.fuel
        result = template.evaluate(self._scope, budget)
        self._fuel -= before - budget.fuel
        return result


def _texts(value: Value, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every text with `{{` in a params value, with its path."""
    kind = type(value)
    if kind is str:
        if OPEN in value:
            yield value, path
    elif kind is dict or kind is list:
        if depth >= MAX_VALUE_DEPTH:
            _too_deep(path)
        if kind is dict:
            for key, item in value.items():
                yield from _texts(item, _key_path(path, key), depth + 1)
        else:
            for index, item in enumerate(value):
                yield from _texts(item, f"{path}[{index}]", depth + 1)


def references(value: Json) -> frozenset[Reference]:
    """Everything the expressions in a params value read; what cannot be read as an expression is left to `check`."""
    found: set[Reference] = set()
    try:
        for text, _ in _texts(value):
            for part in _split(text):
                if isinstance(part, tuple):
                    found |= part[1].references
    except ExprError:
        return frozenset(found)
    return frozenset(found)


def check(value: Json) -> list[ExprError]:
    """What is wrong with the expressions in a params value, without evaluating any; every finding with its path."""
    found: list[ExprError] = []
    try:
        for text, path in _texts(value):
            found.extend(part.within(path) for part in _split(text) if isinstance(part, ExprError))
    except ExprError as error:
        found.append(error)
    return found
