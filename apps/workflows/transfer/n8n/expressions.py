"""n8n's expressions in our language: `={{ $node["A"].json.x }}` is `{{ $node["A"].x }}`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps.nodes.expressions import check
from apps.workflows.transfer import texts

Json = Any

# No pattern may try the same characters in two ways: somebody else wrote what is read here.
_QUOTED: Final = r"""(?P<quote>['"`])(?P<name>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)"""
_ONE: Final = r"(?:item|first\(\)|last\(\)|all\(\)\[0\]|itemMatching\([^)]*\))"
_REFERENCES: Final = (
    re.compile(rf"\$node\[{_QUOTED}\]\.(?:json|data)\b"),
    re.compile(rf"\$\({_QUOTED}\)\.{_ONE}\.json\b"),
    re.compile(rf"\$items\({_QUOTED}[^)]*\)\[0\]\.json\b"),
)
_EACH: Final = r"\.map\(\s*+(?:\(\s*+)?(?P<item>\w++)\s*+(?:\)\s*+)?=>\s*+(?P=item)\.json\b"
_LISTS: Final = re.compile(rf"\$\({_QUOTED}\)\.all\(\){_EACH}")
_ITS_INPUT: Final = re.compile(rf"\$input\.{_ONE}\.json\b")
_ALL_INPUT: Final = re.compile(rf"\$input\.all\(\){_EACH}")
_INDEX: Final = re.compile(r"\$itemIndex\b")
_RESUME: Final = re.compile(r"\$execution\.resumeUrl\b")
_STRING: Final = re.compile(r"""(['"`])(?:\\.|(?!\1)[^\\])*+\1""", re.DOTALL)
_LOST: Final = {
    "$workflow.name": "$workflow knows the id alone here.",
    "$execution.customData": "Executions carry no data of their own here.",
    "$env": "Expressions do not read the server's environment; use a variable: $vars.",
    "$secrets": "Use a credential.",
    "$runIndex": "Nodes run once here.",
    "$prevNode": "Name the node: $node[…].",
    "$parameter": "Write the value itself.",
    "$getWorkflowStaticData": "Use a KEY_VALUE node.",
}


class Names:
    """The nodes expressions may name: what they are called here, and where in their output n8n's begins."""

    def __init__(self, names: Mapping[str, str], inside: Mapping[str, str], waits: Mapping[str, str]) -> None:
        self._names, self._inside, self._waits = names, inside, waits

    def reference(self, name: str) -> str:
        """How a node's output is read here."""
        text = self._names.get(name, name).replace("\\", "\\\\").replace('"', '\\"')
        within = self._inside.get(name, "")
        return f'$node["{text}"]{within and f".{within}"}'

    @property
    def resume_url(self) -> str:
        """How the address of the workflow's one waiting node is read."""
        wait = next(iter(self._waits.values()), "")
        return f'$execution.callback_url["{wait}"]'


def is_expression(value: Json) -> bool:
    """Whether n8n evaluates this text."""
    return isinstance(value, str) and value.startswith("=")


def translated(text: str, names: Names) -> str:
    """A text of n8n as one of ours: with expressions where it had some, else as it is written."""
    if not text.startswith("="):
        return text.replace("{{", '{{ "{{" }}')
    pieces, at, body = [], 0, text[1:]
    while (opened := body.find("{{", at)) >= 0:
        closed = _end(body, opened + 2)
        if closed < 0:
            break
        pieces += [body[at:opened], "{{ ", code(body[opened + 2 : closed].strip(), names), " }}"]
        at = closed + 2
    return "".join([*pieces, body[at:]])


def operand(value: Json, names: Names) -> str:
    """A value of n8n as part of a larger expression of ours."""
    if not isinstance(value, str):
        return _literal(value)
    if not value.startswith("="):
        return _literal(value)
    body = value[1:].strip()
    if body.startswith("{{") and _end(body, 2) == len(body) - 2:
        return f"({code(body[2:-2].strip(), names)})"
    pieces, at = [], 0
    body = value[1:]
    while (opened := body.find("{{", at)) >= 0 and (closed := _end(body, opened + 2)) >= 0:
        pieces += [_literal(body[at:opened]), f"string({code(body[opened + 2 : closed].strip(), names)})"]
        at = closed + 2
    return f"({' + '.join([*pieces, _literal(body[at:])])})"


def json_template(value: Json, names: Names) -> Json:
    """JSON in a text, as JSON with expressions of ours; None for what is none.

    `{"id": "{{ $json.id }}", "n": {{ $json.n }}}`: what stands in quotes there is a text here as well.
    """
    if not isinstance(value, str):
        return translated_all(value, names)
    if not value.startswith("="):
        return _parsed(value, {}, names)
    body = value[1:].strip()
    if body.startswith("{{") and _end(body, 2) == len(body) - 2:
        inner = body[2:-2].strip()
        if found := re.fullmatch(r"JSON\.stringify\((?P<value>[^,]*)(,.*)?\);?", inner, re.DOTALL):
            inner = found["value"]
        return f"{{{{ {code(inner, names)} }}}}"
    marks: dict[str, str] = {}
    found = _parsed(_marked(body, marks), marks, names)
    return f"{{{{ JSON.parse({operand(value, names)}) }}}}" if found is None else found


def translated_all(value: Json, names: Names) -> Json:
    """A JSON value with every text in it translated."""
    return texts.each_text(value, lambda text: translated(text, names))


def _marked(text: str, marks: dict[str, str]) -> str:
    """The text with a mark for every expression: a text of its own where it stood outside of quotes."""
    pieces: list[str] = []
    at, is_inside = 0, False
    while at < len(text):
        if text.startswith("{{", at):
            closed = _end(text, at + 2)
            if closed < 0:
                return "".join([*pieces, text[at:]])
            mark = f"\ue000{len(marks)}{'' if is_inside else '!'}\ue001"
            marks[mark] = text[at + 2 : closed].strip()
            pieces.append(mark if is_inside else f'"{mark}"')
            at = closed + 2
            continue
        if text[at] == "\\" and is_inside:
            pieces.append(text[at : at + 2])
            at += 2
            continue
        is_inside ^= text[at] == '"'
        pieces.append(text[at])
        at += 1
    return "".join(pieces)


def _parsed(text: str, marks: Mapping[str, str], names: Names) -> Json:
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    if any("\ue000" in name for name in _names_in(value)):
        return None  # the names are made by expressions, which only the text as a whole can say

    def put_back(part: str) -> str:
        if part in marks:
            return (
                f"{{{{ {code(marks[part], names)} }}}}"
                if "!" in part
                else f"{{{{ string({code(marks[part], names)}) }}}}"
            )
        part = part.replace("{{", '{{ "{{" }}')
        return re.sub("\ue000[0-9]+!?\ue001", lambda mark: f"{{{{ {code(marks.get(mark[0], ''), names)} }}}}", part)

    return texts.each_text(value, put_back)


def _names_in(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names_in(inner)


def code(text: str, names: Names) -> str:
    """JavaScript between n8n's braces, with what it reads named as here. What stands in quotes stays."""
    found, at = [], 0
    while at < len(text):
        piece, after = _next(text, at, names)
        found.append(piece)
        at = after
    return "".join(found).rstrip("; \n")


def fault(text: Json) -> tuple[str, str]:
    """Why a text cannot be read here, and what to do; two empty texts when it can be."""
    for lost, hint in _LOST.items():
        if isinstance(text, str) and "{{" in text and lost in text:
            return f"{lost} is not known here", hint
    refused = check(text)
    return (refused[0].message, refused[0].hint) if refused else ("", "")


def _next(text: str, at: int, names: Names) -> tuple[str, int]:
    if text[at] == "$":
        for pattern in _REFERENCES:
            if found := pattern.match(text, at):
                return names.reference(found["name"]), found.end()
        if found := _LISTS.match(text, at):
            return f"{names.reference(found['name'])}.map({found['item']} => {found['item']}", found.end()
        if found := _ALL_INPUT.match(text, at):
            return f"$json.map({found['item']} => {found['item']}", found.end()
        for pattern, ours in ((_ITS_INPUT, "$json"), (_INDEX, "$index"), (_RESUME, names.resume_url)):
            if found := pattern.match(text, at):
                return ours, found.end()
    elif text[at] in "'\"`" and (found := _STRING.match(text, at)):
        return found[0], found.end()
    return text[at], at + 1


def _end(text: str, at: int) -> int:
    """Where the braces close that were opened before `at`; -1 where they do not, or later than our language reads."""
    depth, end = 0, min(len(text), at + texts.LONGEST)
    while at < end:
        if text[at] in "'\"`" and (found := _STRING.match(text, at, end)):
            at = found.end()
            continue
        if text.startswith("}}", at) and depth <= 0:
            return at
        depth += (text[at] == "{") - (text[at] == "}")
        at += 1
    return -1


def _literal(value: Json) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
        return f"'{escaped}'"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return f"({{{', '.join(f'{_literal(str(key))}: {_literal(inner)}' for key, inner in value.items())}}})"
    return str(value)
