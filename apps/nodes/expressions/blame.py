"""Which part of an expression is to blame when an operation gets a value it cannot use."""

from collections.abc import Callable
from typing import Final

from apps.nodes.expressions import ast
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.runtime import Frame, step
from apps.nodes.expressions.values import NUMBER_TYPES, Value, near, type_name

_MAX_SHOWN: Final = 60
_HINTS: Final = {
    list: "join() or toJson() turn a list into text, length counts its items",
    dict: "toJson() turns an object into text; or name one of its keys",
}


def blame(
    source: str,
    frame: Frame,
    slot: Callable[[ast.Root | ast.NodeOutput | ast.Local], int],
    message: str,
    operands: tuple[tuple[ast.Node, Value], ...],
) -> ExprError:
    """The error for `operands` that do not fit.

    `{0}` and `{1}` in `message` become their types. An operand that is null is looked into: the hint says where its
    value is missing, and the column is its own.
    """
    for index, (_, value) in enumerate(operands):
        message = message.replace(f"{{{index}}}", type_name(value))
    for node, value in operands:
        if value is None:
            return ExprError(message, hint=_missing(source, frame, slot, node), column=node.start + 1)
    types = {type(value) for _, value in operands}
    hint = next((text for kind, text in _HINTS.items() if kind in types), "")
    if str in types and types & NUMBER_TYPES:
        hint = "number() turns a text into a number"
    culprits = [node for node, value in operands if type(value) not in NUMBER_TYPES]
    return ExprError(message, hint=hint, column=(culprits or [operands[0][0]])[0].start + 1)


def _missing(
    source: str,
    frame: Frame,
    slot: Callable[[ast.Root | ast.NodeOutput | ast.Local], int],
    node: ast.Node,
) -> str:
    base, links = ast.chain(node)
    if not isinstance(base, ast.Root | ast.NodeOutput | ast.Local):
        return f"{_shown(source, node.start, node.end)} gives null"
    value: Value = frame[slot(base)]
    if value is None:
        return f"{_shown(source, base.start, base.end)} is empty"
    for link, key in links:
        inner = step(value, key)
        if inner is None:
            place = _shown(source, base.start, link.end)
            if type(value) is dict and key in value:
                return f"{place} is null"
            suggestion = near(key, value) if type(value) is dict and type(key) is str else ""
            if key == "json" and isinstance(base, ast.NodeOutput) and link is links[0][0]:
                suggestion = "what a node gave is read without .json"
            return f"{place} is missing" + (f"; {suggestion}" if suggestion else "")
        value = inner
    return f"{_shown(source, node.start, node.end)} is null"  # pragma: no cover


def _shown(source: str, start: int, end: int) -> str:
    text = " ".join(source[start:end].split())
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
