"""The closed set of things an expression can consist of.

Nothing outside this file can be expressed: no statement, no assignment, no attribute access (`Member` is a key
look-up), no call but to the function table. `start` and `end` are offsets into the source and take no part in equality.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf

ArithmeticOperator = OneOf["+", "-", "*", "/", "%", "**"]
ComparisonOperator = OneOf["<", "<=", ">", ">="]
EqualityOperator = OneOf["==", "!=", "===", "!=="]
LogicOperator = OneOf["&&", "||", "??"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any part of an expression."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """null, true, false, a number or a text."""

    value: bool | int | float | str | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and (type(self.value), self.value) == (type(other.value), other.value)

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, b]`"""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ObjectLiteral(Node):
    """`{key: a, "other key": b}`"""

    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Root(Node):
    """`$json` and its like; `name` is without the dollar."""

    name: str


@dataclass(frozen=True, slots=True)
class NodeOutput(Node):
    """`$node["Name"]`"""

    name: str


@dataclass(frozen=True, slots=True)
class Local(Node):
    """A lambda's parameter; `slot` is its place among the parameters of the whole expression."""

    name: str
    slot: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`target.key`, `target["key"]`, with a question mark when `optional`."""

    target: Node
    key: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target[index]`"""

    target: Node
    index: Node
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments)`, or `arguments[0].name(arguments[1:])` when `is_method`."""

    name: str
    arguments: tuple[Node, ...]
    is_method: bool
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """`(a, b) => body`, only ever an argument of a call."""

    parameters: tuple[str, ...]
    body: Node
    slots: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """`/pattern/flags`, only ever an argument of a call."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`!operand`"""

    operand: Node


@dataclass(frozen=True, slots=True)
class Negate(Node):
    """`-operand`"""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left + right` and its like"""

    operator: ArithmeticOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`left < right` and its like"""

    operator: ComparisonOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Equality(Node):
    """`left == right` and its like"""

    operator: EqualityOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`left && right`, `left || right`, `left ?? right`"""

    operator: LogicOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`test ? yes : no`"""

    test: Node
    yes: Node
    no: Node


def children(node: Node) -> tuple[Node, ...]:
    """The parts `node` is directly made of, in source order."""
    match node:
        case ListLiteral():
            return node.items
        case ObjectLiteral():
            return tuple(value for _, value in node.entries)
        case Member():
            return (node.target,)
        case Index():
            return (node.target, node.index)
        case Call():
            return node.arguments
        case Lambda():
            return (node.body,)
        case Not() | Negate():
            return (node.operand,)
        case Arithmetic() | Comparison() | Equality() | Logic():
            return (node.left, node.right)
        case Conditional():
            return (node.test, node.yes, node.no)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def chain(node: Node) -> tuple[Node, list[tuple[Node, str | int]]]:
    """The node a row of look-ups by fixed keys begins with, and every look-up with its key, first one first."""
    links: list[tuple[Node, str | int]] = []
    while True:
        if isinstance(node, Member):
            links.append((node, node.key))
        elif isinstance(node, Index) and isinstance(node.index, Literal) and type(node.index.value) is int:
            links.append((node, node.index.value))
        else:
            return node, links[::-1]
        node = node.target
