"""Functions of texts, and those texts share with lists (slice, includes, indexOf, at, concat are in lists.py)."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from apps.nodes.expressions.budget import MAX_TEXT, Budget
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions import regex
from apps.nodes.expressions.functions.registry import Pattern, Table, whole
from apps.nodes.expressions.values import Value

TEXTS: Final = Table("text")
function = TEXTS.function

_WORD: Final = re.compile(r"\w+")
_UNSAFE: Final = re.compile(r"[^a-z0-9]+")


@function("lower(text: text) -> text", "The text in small letters.", "'Ada'.lower()", "ada", aliases="toLowerCase")
def lower(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.lower()


@function("upper(text: text) -> text", "The text in capital letters.", "'Ada'.upper()", "ADA", aliases="toUpperCase")
def upper(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.upper()


@function(
    "capitalize(text: text) -> text",
    "The text with its first letter a capital.",
    "'ada lovelace'.capitalize()",
    "Ada lovelace",
)
def capitalize(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text[:1].upper() + text[1:]


@function(
    "title(text: text) -> text",
    "Every word with a capital letter.",
    "'ada lovelace'.title()",
    "Ada Lovelace",
    aliases="toTitleCase",
)
def title(budget: Budget, text: str) -> str:
    budget.make(len(text))
    budget.spend(len(text) >> 3)
    return _WORD.sub(lambda found: found[0][:1].upper() + found[0][1:].lower(), text)


@function("trim(text: text) -> text", "The text without spaces around it.", "'  a b '.trim()", "a b")
def trim(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.strip()


@function("trimStart(text: text) -> text", "The text without spaces before it.", "'  a '.trimStart()", "a ")
def trim_start(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.lstrip()


@function("trimEnd(text: text) -> text", "The text without spaces after it.", "'  a '.trimEnd()", "  a")
def trim_end(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.rstrip()


@function(
    "split(text: text, separator: text|pattern, limit?: number) -> list",
    "The parts of the text between separators; an empty separator gives its characters.",
    "'a, b,c'.split(/, */)",
    ["a", "b", "c"],
)
def split(budget: Budget, text: str, separator: str | Pattern, limit: Value = None) -> list[Value]:
    most = MAX_TEXT if limit is None else whole(limit, "the limit", 0, MAX_TEXT)
    if isinstance(separator, Pattern):
        return regex.split(budget, text, separator, most)
    budget.make(len(text))
    if not separator:
        budget.spend(min(len(text), most))
        return list(text[:most])
    budget.search(len(text), len(separator))
    budget.spend(min(text.count(separator), most) + 1)
    return list(text.split(separator, most)[:most])


@function(
    "replace(text: text, search: text|pattern, replacement: text) -> text",
    "The text with the first occurrence replaced; with a /pattern/g, every one. $1 in the replacement is a group.",
    "'2024-05'.replace(/(\\d+)-(\\d+)/, '$2/$1')",
    "05/2024",
)
def replace(budget: Budget, text: str, search: str | Pattern, replacement: str) -> str:
    if isinstance(search, Pattern):
        return regex.replace(budget, text, search, replacement)
    budget.search(len(text), len(search))
    budget.make(len(text) + len(replacement))
    return text.replace(search, replacement, 1)


@function(
    "replaceAll(text: text, search: text|pattern, replacement: text) -> text",
    "The text with every occurrence replaced.",
    "'a-b-c'.replaceAll('-', '+')",
    "a+b+c",
)
def replace_all(budget: Budget, text: str, search: str | Pattern, replacement: str) -> str:
    if isinstance(search, Pattern):
        return regex.replace(budget, text, Pattern(search.source, search.flags.replace("g", "") + "g"), replacement)
    budget.search(len(text), len(search))
    count = text.count(search)
    budget.spend(count >> 3)
    budget.make(len(text) + count * (len(replacement) - len(search)))
    return text.replace(search, replacement)


@function(
    "startsWith(text: text, start: text) -> boolean",
    "Whether the text begins like that.",
    "'INV-7'.startsWith('INV')",
    True,
)
def starts_with(budget: Budget, text: str, start: str) -> bool:
    budget.read(len(start))
    return text.startswith(start)


@function(
    "endsWith(text: text, end: text) -> boolean", "Whether the text ends like that.", "'a.pdf'.endsWith('.pdf')", True
)
def ends_with(budget: Budget, text: str, end: str) -> bool:
    budget.read(len(end))
    return text.endswith(end)


def _padding(budget: Budget, text: str, length: Value, fill: str) -> str:
    missing = whole(length, "the length", 0, MAX_TEXT) - len(text)
    if missing <= 0 or not fill:
        return ""
    budget.make(len(text) + missing)
    return (fill * (missing // len(fill) + 1))[:missing]


@function(
    "padStart(text: text, length: number, fill?: text) -> text",
    "The text made that long by repeating the fill (a space) before it.",
    "'7'.padStart(3, '0')",
    "007",
)
def pad_start(budget: Budget, text: str, length: Value, fill: str = " ") -> str:
    return _padding(budget, text, length, fill) + text


@function(
    "padEnd(text: text, length: number, fill?: text) -> text",
    "The text made that long by repeating the fill (a space) after it.",
    "'7'.padEnd(3, '.')",
    "7..",
)
def pad_end(budget: Budget, text: str, length: Value, fill: str = " ") -> str:
    return text + _padding(budget, text, length, fill)


@function("repeat(text: text, count: number) -> text", "The text that many times.", "'ab'.repeat(3)", "ababab")
def repeat(budget: Budget, text: str, count: Value) -> str:
    times = whole(count, "the count", 0, MAX_TEXT)
    budget.make(len(text) * times)
    return text * times


@function(
    "truncate(text: text, length: number, ending?: text) -> text",
    "At most that many characters of the text, the ending (…) included when something is cut off.",
    "'a long story'.truncate(7)",
    "a long…",
)
def truncate(budget: Budget, text: str, length: Value, ending: str = "…") -> str:
    most = whole(length, "the length", 0, MAX_TEXT)
    if len(text) <= most:
        return text
    budget.make(most)
    return (text[: max(most - len(ending), 0)] + ending)[:most]


@function(
    "slug(text: text) -> text",
    "The text as part of an address: small letters, digits and dashes.",
    "'Ünder The Bridge!'.slug()",
    "under-the-bridge",
)
def slug(budget: Budget, text: str) -> str:
    budget.make(len(text) * 2)
    budget.spend(len(text) >> 3)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return _UNSAFE.sub("-", plain.lower()).strip("-")


@function(
    "urlEncode(text: text) -> text",
    "The text written so that it can be part of an address.",
    "'a b&c'.urlEncode()",
    "a%20b%26c",
    globals="encodeURIComponent",
)
def url_encode(budget: Budget, text: str) -> str:
    budget.make(len(text) * 3)
    try:
        return quote(text, safe="!'()*~-._")
    except UnicodeError:
        raise ExprError("this text contains half a character and cannot be encoded") from None


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
