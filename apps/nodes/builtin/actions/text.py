"""Working on texts."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field

from apps.nodes import borrowed
from apps.nodes.contract import (
    Context,
    Done,
    Example,
    Expr,
    Json,
    Node,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    asked,
)
from apps.nodes.expressions import ExprError
from apps.nodes.expressions.functions import lists, regex, strings
from apps.nodes.expressions.functions.registry import Pattern

_CODE: Final = "text.failed"
_SPACE: Final = re.compile(r"\s+")


def _readable(source: str) -> str:
    try:
        regex.prepared(source, "")
    except ExprError as error:
        hint = f" {error.hint[:1].upper()}{error.hint[1:]}." if error.hint else ""
        raise ValueError(f"{error.message[:1].upper()}{error.message[1:]}.{hint}") from None
    return source


_Regex: TypeAlias = Annotated[str, Field(min_length=1, max_length=regex.MAX_PATTERN), AfterValidator(_readable)]


class _OnText(NodeParams):
    text: Annotated[Expr[str], asked(widget="lines")]
    """The text to work on."""


class _Regular(_OnText):
    pattern: _Regex
    r"""A regular expression as RE2 knows it, taken as written: `[A-Z]+-(\d+)`. No look-around, no back-references."""
    flags: Annotated[str, Field(pattern="^[ims]*$", max_length=3)] = ""
    """`i`: capital and small letters are alike; `m`: `^` and `$` stand at every line; `s`: `.` stands for line ends,
    too."""

    def compiled(self, more: str = "") -> Pattern:
        """The pattern as the functions of expressions take it."""
        return Pattern(self.pattern, self.flags + more)


class Match(_Regular):
    """Look whether a pattern is in the text."""

    kind: Literal["match"]
    """Whether the pattern is found."""

    def value(self) -> Json:
        """True or false."""
        return regex.test(borrowed.budget(), self.text, self.compiled())


class Extract(_Regular):
    """Take out what a pattern finds."""

    kind: Literal["extract"]
    """What the pattern finds: the text of its one group, or of the whole where it has none; an object where its groups
    are named, as in `(?P<year>[0-9]+)`; else a list of the groups' texts."""
    take: Literal["all", "first"] = "all"
    """A list of all there are, or the first alone, null when there is none."""

    def value(self) -> Json:
        """The finds."""
        pattern = self.compiled()
        names = regex.prepared(pattern.source, pattern.flags).groupindex
        budget = borrowed.budget()
        if self.take == "first":
            first = regex.match(budget, self.text, pattern)
            return None if first is None else _find(first, names)
        return [_find(found, names) for found in regex.match_all(budget, self.text, pattern)]


def _find(found: list[Json], names: dict[str, int]) -> Json:
    if names:
        return {name: found[number] for name, number in names.items()}
    return found[1:] if len(found) > 2 else found[-1]


class Replace(_Regular):
    """Put something else in the place of what a pattern finds."""

    kind: Literal["replace"]
    """The text with the finds replaced."""
    replacement: Expr[str] = ""
    """What to put there; `$1` or `$<name>` is a group, `$&` the find, `$$` a dollar sign."""
    take: Literal["all", "first"] = "all"
    """Replace all there are, or the first alone."""

    def value(self) -> Json:
        """The new text."""
        pattern = self.compiled("g" if self.take == "all" else "")
        return regex.replace(borrowed.budget(), self.text, pattern, self.replacement)


class Template(NodeParams):
    """Write a text."""

    kind: Literal["template"]
    """The template with its expressions filled in."""
    template: Annotated[Expr[str], asked("Text", widget="lines")]
    """The text, with `{{ … }}` where values belong."""

    def value(self) -> Json:
        """The text; its expressions were resolved before the node ran."""
        return self.template


class Join(NodeParams):
    """Make one text of several."""

    kind: Literal["join"]
    """The parts as one text."""
    parts: Expr[list[Any]]
    """What to join. Null is nothing; lists and objects become JSON."""
    separator: Expr[str] = ""
    """What to put between."""

    def value(self) -> Json:
        """The text."""
        return lists.join(borrowed.budget(), self.parts, self.separator)


class Split(_OnText):
    """Make a list of the text."""

    kind: Literal["split"]
    """The parts of the text as a list."""
    separator: Annotated[str, Field(min_length=1, max_length=1_000)] = "\n"
    """What stands between the parts; the end of a line unless said otherwise."""
    trim: bool = True
    """Take white space off the ends of each part."""
    keep_empty: bool = False
    """Keep parts with nothing in them."""

    def value(self) -> Json:
        """The parts."""
        parts = strings.split(borrowed.budget(), self.text, self.separator)
        if self.trim:
            parts = [part.strip() for part in parts]
        return parts if self.keep_empty else [part for part in parts if part]


class Trim(_OnText):
    """Take white space off."""

    kind: Literal["trim"]
    """The text without white space at its ends."""
    at: Literal["both", "start", "end"] = "both"
    """At which ends."""
    collapse: bool = False
    """Also make one space of every run of white space within."""

    def value(self) -> Json:
        """The text."""
        cut = {"both": str.strip, "start": str.lstrip, "end": str.rstrip}[self.at]
        text = cut(self.text)
        return _SPACE.sub(" ", text) if self.collapse else text


class Case(_OnText):
    """Change capital and small letters."""

    kind: Literal["case"]
    """The text in other letters."""
    to: Literal["lower", "upper", "title", "capitalize", "slug"] = "lower"
    """Small letters, capitals, every word with a capital, the first letter a capital, or as part of an address:
    `under-the-bridge`."""

    def value(self) -> Json:
        """The text."""
        change = {
            "lower": strings.lower,
            "upper": strings.upper,
            "title": strings.title,
            "capitalize": strings.capitalize,
            "slug": strings.slug,
        }[self.to]
        return change(borrowed.budget(), self.text)


class Text(Node):
    """Find, replace, split, join and clean texts.

    Regular expressions are those of RE2, which take linear time whatever the text. Texts have at most about a million
    characters.
    """

    type, subtype, icon, name = NodeType.ACTION, "TEXT", "case-sensitive", "Text"
    summary = "{operation.kind} {operation.pattern}{operation.to}"
    keywords = (
        "string",
        "regex",
        "regular expression",
        "match",
        "extract",
        "replace",
        "template",
        "join",
        "split",
        "lines",
        "trim",
        "upper case",
        "lower case",
        "slug",
    )

    class Params(NodeParams):
        operation: Annotated[
            Match | Extract | Replace | Template | Join | Split | Trim | Case, Field(discriminator="kind")
        ]
        """What to do."""

    class Output(NodeOutput):
        value: Any
        """The text; for `match` true or false, for `split` a list, for `extract` what was found."""

    examples = (
        Example(
            "Is it an order number?",
            params={"operation": {"kind": "match", "text": "{{ $json.subject }}", "pattern": r"\bA-\d+\b"}},
            input={"subject": "Where is A-17?"},
            returns={"value": True},
        ),
        Example(
            "All order numbers in a message",
            params={"operation": {"kind": "extract", "text": "{{ $json.body }}", "pattern": r"A-(\d+)"}},
            input={"body": "A-17 came, A-18 did not."},
            returns={"value": ["17", "18"]},
        ),
        Example(
            "Named groups become an object",
            params={
                "operation": {
                    "kind": "extract",
                    "text": "{{ $json.from }}",
                    "pattern": r"(?P<name>.*?)\s*<(?P<address>[^>]+)>",
                    "take": "first",
                }
            },
            input={"from": "Ada Lovelace <ada@example.com>"},
            returns={"value": {"name": "Ada Lovelace", "address": "ada@example.com"}},
        ),
        Example(
            "Turn dates around",
            params={
                "operation": {
                    "kind": "replace",
                    "text": "{{ $json.text }}",
                    "pattern": r"(\d{4})-(\d\d)-(\d\d)",
                    "replacement": "$3.$2.$1",
                }
            },
            input={"text": "From 2026-11-20 to 2026-12-24"},
            returns={"value": "From 20.11.2026 to 24.12.2026"},
        ),
        Example(
            "Write a greeting",
            params={
                "operation": {
                    "kind": "template",
                    "template": "Dear {{ $json.name }},\nyour order {{ $json.id }} is on its way.",
                }
            },
            input={"name": "Ada", "id": "A-17"},
            returns={"value": "Dear Ada,\nyour order A-17 is on its way."},
        ),
        Example(
            "A list in a sentence",
            params={"operation": {"kind": "join", "parts": "{{ $json.names }}", "separator": " and "}},
            input={"names": ["Ada", "Grace"]},
            returns={"value": "Ada and Grace"},
        ),
        Example(
            "Lines of a text",
            params={"operation": {"kind": "split", "text": "{{ $json.text }}"}},
            input={"text": "milk\r\n\n  bread \n"},
            returns={"value": ["milk", "bread"]},
        ),
        Example(
            "Clean what somebody typed",
            params={"operation": {"kind": "trim", "text": "{{ $json.name }}", "collapse": True}},
            input={"name": "  Ada \n  Lovelace "},
            returns={"value": "Ada Lovelace"},
        ),
        Example(
            "Part of an address",
            params={"operation": {"kind": "case", "text": "{{ $json.title }}", "to": "slug"}},
            input={"title": "Ünder The Bridge!"},
            returns={"value": "under-the-bridge"},
        ),
    )

    def run(self, params: Params, ctx: Context) -> Result:
        """Do the operation."""
        with borrowed.refusals(_CODE):
            return Done({"value": params.operation.value()})
