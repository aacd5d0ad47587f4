"""Functions of texts that look for something in them, always through RE2."""

from typing import Final

from apps.nodes.expressions.budget import Budget
from apps.nodes.expressions.functions import regex
from apps.nodes.expressions.functions.numbers import read_number
from apps.nodes.expressions.functions.registry import Pattern, Table
from apps.nodes.expressions.values import Value

PATTERNS: Final = Table("text")
function = PATTERNS.function

_HOST: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_EMAIL: Final = Pattern(r"[A-Za-z0-9._%+'-]+@" + _HOST, "")
_WHOLE_EMAIL: Final = Pattern(rf"^{_EMAIL.source}$", "")
_URL: Final = Pattern(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}]", "i")
_WHOLE_URL: Final = Pattern(r"^https?://[^\s/?#<>\"']+[^\s<>\"']*$", "i")
_DOMAIN: Final = Pattern(_HOST, "")


def _first(budget: Budget, text: str, pattern: Pattern) -> str | None:
    found = regex.match(budget, text, pattern)
    return found[0] if found else None


@function(
    "test(text: text, pattern: text|pattern) -> boolean",
    "Whether the pattern is found in the text.",
    "'INV-7'.test(/^INV-\\d+$/)",
    True,
    cost=20,
)
def test(budget: Budget, text: str, pattern: str | Pattern) -> bool:
    return regex.test(budget, text, regex.of(pattern))


@function(
    "match(text: text, pattern: text|pattern) -> list|empty",
    "The first match and its groups, or null; with /pattern/g, every match.",
    "'a1 b22'.match(/[a-z]\\d+/g)",
    ["a1", "b22"],
    cost=20,
)
def match(budget: Budget, text: str, pattern: str | Pattern) -> list[Value] | None:
    return regex.match(budget, text, regex.of(pattern))


@function(
    "matchAll(text: text, pattern: text|pattern) -> list",
    "Every match, each as a list of the match and its groups.",
    "'a=1;b=2'.matchAll(/(\\w)=(\\d)/)",
    [["a=1", "a", "1"], ["b=2", "b", "2"]],
    cost=20,
)
def match_all(budget: Budget, text: str, pattern: str | Pattern) -> list[Value]:
    return regex.match_all(budget, text, regex.of(pattern))


@function(
    "search(text: text, pattern: text|pattern) -> number",
    "Where the pattern is found first, -1 if it is not there.",
    "'order 77'.search(/[0-9]/)",
    6,
    cost=20,
)
def search(budget: Budget, text: str, pattern: str | Pattern) -> int:
    return regex.place(budget, text, regex.of(pattern))


@function(
    "extractEmail(text: text) -> text|empty",
    "The first e-mail address in the text, or null.",
    "'Write to ada@example.com.'.extractEmail()",
    "ada@example.com",
    cost=20,
)
def extract_email(budget: Budget, text: str) -> str | None:
    return _first(budget, text, _EMAIL)


@function(
    "extractUrl(text: text) -> text|empty",
    "The first http(s) address in the text, or null.",
    "'See https://example.com/a?b=1.'.extractUrl()",
    "https://example.com/a?b=1",
    cost=20,
)
def extract_url(budget: Budget, text: str) -> str | None:
    return _first(budget, text, _URL)


@function(
    "extractDomain(text: text) -> text|empty",
    "The first domain in the text, of an address or an e-mail address, or null.",
    "'ada@mail.example.com'.extractDomain()",
    "mail.example.com",
    cost=20,
)
def extract_domain(budget: Budget, text: str) -> str | None:
    after = text.partition("@")[2] or text.partition("://")[2] or text
    return _first(budget, after, _DOMAIN)


@function(
    "isEmail(text: text) -> boolean",
    "Whether the text looks like one e-mail address.",
    "'ada@example.com'.isEmail()",
    True,
    cost=20,
)
def is_email(budget: Budget, text: str) -> bool:
    return len(text) <= 320 and regex.test(budget, text, _WHOLE_EMAIL)


@function(
    "isUrl(text: text) -> boolean",
    "Whether the text looks like one http(s) address.",
    "'https://example.com'.isUrl()",
    True,
    cost=20,
)
def is_url(budget: Budget, text: str) -> bool:
    return regex.test(budget, text, _WHOLE_URL)


@function(
    "isNumeric(text: text) -> boolean",
    "Whether the text spells a number, so that number() reads it.",
    "'12.50'.isNumeric()",
    True,
)
def is_numeric(budget: Budget, text: str) -> bool:
    return read_number(text) is not None
