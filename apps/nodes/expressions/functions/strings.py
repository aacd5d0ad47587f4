"""Functions of texts. Those texts share with lists (slice, includes, indexOf, at, concat) are in lists.py."""

import html
import re
import unicodedata
from typing import Final

from apps.nodes.expressions.budget import MAX_TEXT, Budget
from apps.nodes.expressions.functions import regex
from apps.nodes.expressions.functions.registry import Pattern, Table, whole
from apps.nodes.expressions.values import Value

TEXTS: Final = Table("text")
function = TEXTS.function

_WORD: Final = re.compile(r"\w+")
_UNSAFE: Final = re.compile(r"[^a-z0-9]+")
_PART: Final = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")
_TAG: Final = re.compile(r"<[^<>]*>")
_FAR: Final = 2**53
SPACES: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript takes for space."""


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
    return text.strip(SPACES)


@function("trimStart(text: text) -> text", "The text without spaces before it.", "'  a '.trimStart()", "a ")
def trim_start(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.lstrip(SPACES)


@function("trimEnd(text: text) -> text", "The text without spaces after it.", "'  a '.trimEnd()", "  a")
def trim_end(budget: Budget, text: str) -> str:
    budget.make(len(text))
    return text.rstrip(SPACES)


@function(
    "split(text: text, separator: text|pattern, limit?: number) -> list",
    "The parts of the text between separators, with the groups of a pattern; an empty one gives the characters.",
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
    "substring(text: text, start: number, end?: number) -> text",
    "The part from start up to before end, as in JavaScript: negative positions are 0, the smaller one comes first.",
    "'invoice'.substring(2, 0)",
    "in",
)
def substring(budget: Budget, text: str, start: Value, end: Value = None) -> str:
    size = len(text)
    places = [start, size if end is None else end]
    first, last = sorted(min(max(whole(place, "the position", -_FAR, _FAR), 0), size) for place in places)
    budget.make(last - first)
    return text[first:last]


@function(
    "charAt(text: text, index: number) -> text",
    "The character there, or the empty text; at() also counts from the end.",
    "'abc'.charAt(1)",
    "b",
)
def char_at(budget: Budget, text: str, index: Value) -> str:
    place = whole(index, "the position", -_FAR, _FAR)
    return text[place] if 0 <= place < len(text) else ""


@function("lines(text: text) -> list", "The lines of the text.", "'a\\nb'.lines()", ["a", "b"])
def lines(budget: Budget, text: str) -> list[Value]:
    budget.make(len(text))
    budget.spend((text.count("\n") + text.count("\r")) >> 1)
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if text else []


def _parts(budget: Budget, text: str) -> list[str]:
    """The words a name is made of: parted by signs, and where small letters end."""
    budget.make(len(text) * 2)
    budget.spend(len(text) >> 1)
    return _PART.findall(text)


@function(
    "snakeCase(text: text) -> text",
    "The words in small letters with _ between them.",
    "'Order total (EUR)'.snakeCase()",
    "order_total_eur",
    aliases="toSnakeCase",
)
def snake_case(budget: Budget, text: str) -> str:
    return "_".join(_parts(budget, text)).lower()


@function(
    "kebabCase(text: text) -> text",
    "The words in small letters with - between them; slug() also drops accents.",
    "'orderTotal'.kebabCase()",
    "order-total",
    aliases="toKebabCase",
)
def kebab_case(budget: Budget, text: str) -> str:
    return "-".join(_parts(budget, text)).lower()


@function(
    "camelCase(text: text) -> text",
    "The words joined, each but the first with a capital letter.",
    "'order total'.camelCase()",
    "orderTotal",
    aliases="toCamelCase",
)
def camel_case(budget: Budget, text: str) -> str:
    first, *rest = _parts(budget, text) or [""]
    return first.lower() + "".join(part[:1].upper() + part[1:].lower() for part in rest)


@function(
    "sentenceCase(text: text) -> text",
    "The text in small letters with a capital at its beginning.",
    "'ORDER TOTAL'.sentenceCase()",
    "Order total",
    aliases="toSentenceCase",
)
def sentence_case(budget: Budget, text: str) -> str:
    budget.make(len(text) * 2)
    return text[:1].upper() + text[1:].lower()


@function(
    "quote(text: text, mark?: text) -> text",
    "The text between quotes (or other marks); those inside get a backslash.",
    "'5\" pipe'.quote()",
    '"5\\" pipe"',
)
def quote(budget: Budget, text: str, mark: str = '"') -> str:
    budget.search(len(text), len(mark))
    budget.make(len(text) + text.count(mark) + 2 * len(mark) if mark else len(text))
    return mark + text.replace(mark, "\\" + mark) + mark if mark else text


@function(
    "withoutAccents(text: text) -> text",
    "The text with plain letters instead of accented ones.",
    "'Crème brûlée'.withoutAccents()",
    "Creme brulee",
    aliases="replaceSpecialChars",
)
def without_accents(budget: Budget, text: str) -> str:
    budget.make(len(text) * 2)
    budget.spend(len(text) >> 2)
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(part for part in apart if not unicodedata.combining(part)))


@function(
    "removeTags(text: text) -> text",
    "The text without HTML tags, for reading. It is not cleaned: what is shown as HTML needs escapeHtml().",
    "'<p>Hello <b>Ada</b></p>'.removeTags()",
    "Hello Ada",
)
def remove_tags(budget: Budget, text: str) -> str:
    budget.make(len(text))
    budget.spend(text.count("<") >> 1)
    return _TAG.sub("", text)


@function(
    "escapeHtml(text: text) -> text",
    "The text written so that HTML shows it as it is.",
    "'a < b & c'.escapeHtml()",
    "a &lt; b &amp; c",
)
def escape_html(budget: Budget, text: str) -> str:
    longer = 4 * text.count("&") + 3 * (text.count("<") + text.count(">")) + 5 * (text.count('"') + text.count("'"))
    budget.make(len(text) + longer)
    budget.read(longer * 4)
    return html.escape(text)
