"""Regular expressions, always through RE2, which never backtracks."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import re2

from apps.nodes.expressions.budget import MAX_TEXT, Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.registry import Pattern
from apps.nodes.expressions.values import Value

MAX_PATTERN: Final = 1_000
_MAX_MEMORY: Final = 512 * 1024
_MAX_SCAN: Final = 10_000_000
"""Text length times program size RE2 works off in well under 0.1 s even when it cannot use its fast path."""
_FLAGS: Final = frozenset("gimsu")
_REFERENCE: Final = re.compile(r"\$(?:(?P<number>[0-9]{1,2})|<(?P<name>\w+)>|(?P<sign>[&$]))")


def of(pattern: str | Pattern) -> Pattern:
    """A text argument taken for a pattern, as JavaScript does."""
    return pattern if isinstance(pattern, Pattern) else Pattern(pattern, "")


@lru_cache(maxsize=256)
def prepared(source: str, flags: str) -> Any:
    """The compiled pattern; raises ExprError when RE2 does not take it."""
    if len(source) > MAX_PATTERN:
        raise ExprError(f"the pattern is longer than {MAX_PATTERN:,} characters")
    if unknown := set(flags) - _FLAGS:
        raise ExprError(f"there is no pattern flag {min(unknown)}", hint="there are g, i, m, s and u")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    switches = "".join(flag for flag in "ims" if flag in flags)
    try:
        return re2.compile(f"(?{switches}){source}" if switches else source, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be read"
        hint = "look-around and back-references are not available" if "(?" in reason or "escape" in reason else ""
        raise ExprError(f"this pattern does not work: {reason}", hint=hint) from None
    except UnicodeError:
        raise ExprError("the pattern contains half a character") from None


def _found(budget: Budget, text: str, pattern: Pattern) -> Iterator[Any]:
    """The matches of `pattern` one after the other; each step is paid for."""
    budget.spend(len(pattern.source) >> 2)
    budget.read(len(text))
    budget.regex_tick()
    expression = prepared(pattern.source, pattern.flags)
    if len(text) * expression.programsize > _MAX_SCAN:
        raise ExprError("the pattern is too complex for a text this long")
    try:
        for found in expression.finditer(text):
            yield found
            budget.spend(6)
            budget.regex_tick()
    except UnicodeError:
        raise ExprError("the text contains half a character and cannot be searched") from None
    budget.regex_tick()


def test(budget: Budget, text: str, pattern: Pattern) -> bool:
    return next(_found(budget, text, pattern), None) is not None


def place(budget: Budget, text: str, pattern: Pattern) -> int:
    found = next(_found(budget, text, pattern), None)
    return -1 if found is None else int(found.start())


def _groups(budget: Budget, found: Any) -> list[Value]:
    groups = [found.group(), *found.groups()]
    budget.spend(len(groups))
    for group in groups:
        budget.make(len(group or ""))
    return groups


def match(budget: Budget, text: str, pattern: Pattern) -> list[Value] | None:
    if "g" in pattern.flags:
        return [found.group() for found in _found(budget, text, pattern)] or None
    for found in _found(budget, text, pattern):
        return _groups(budget, found)
    return None


def match_all(budget: Budget, text: str, pattern: Pattern) -> list[Value]:
    return [_groups(budget, found) for found in _found(budget, text, pattern)]


def split(budget: Budget, text: str, pattern: Pattern, most: int) -> list[Value]:
    parts: list[Value] = []
    position = 0
    for found in _found(budget, text, pattern):
        start, end = found.span()
        if start == end and (start == position or start >= len(text)):
            continue
        if len(parts) >= most:
            return parts[:most]
        parts.append(text[position:start])
        if found.re.groups:
            budget.spend(found.re.groups)
            parts += found.groups()
        position = end
    budget.read(len(text))
    return [*parts, text[position:]][:most]


def replace(budget: Budget, text: str, pattern: Pattern, replacement: str) -> str:
    plain = "$" not in replacement
    pieces: list[str] = []
    position = length = 0
    for found in _found(budget, text, pattern):
        start, end = found.span()
        new = replacement if plain else _expand(budget, found, replacement)
        length += start - position + len(new)
        budget.make(start - position + len(new))
        if length > MAX_TEXT:
            budget.make(length)
        pieces += (text[position:start], new)
        position = end
        if "g" not in pattern.flags:
            break
    budget.make(length + len(text) - position)
    return "".join(pieces) + text[position:]


def _expand(budget: Budget, found: Any, replacement: str) -> str:
    groups = [found.group(), *found.groups()]
    names = found.re.groupindex if "$<" in replacement else {}

    def reference(token: re.Match[str]) -> str:
        if token["sign"]:
            text = "$" if token["sign"] == "$" else groups[0]
        else:
            number = int(token["number"]) if token["number"] else names.get(token["name"], 0)
            if not 0 < number < len(groups):
                return token[0]
            text = groups[number] or ""
        budget.make(len(text))
        return str(text)

    budget.make(len(replacement))
    return _REFERENCE.sub(reference, replacement)
