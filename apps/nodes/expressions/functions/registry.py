"""What a function of the expression language is, and how one is declared."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.values import Json, Value

Implementation: TypeAlias = Callable[..., Value]
AnyImplementation = TypeVar("AnyImplementation", bound=Implementation)


class Lambda(Protocol):
    """A lambda argument as an implementation sees it. Every call pays for its own work."""

    @property
    def arity(self) -> int:
        """How many parameters it has."""

    def each(self, items: list[Value]) -> list[Value]:
        """What it gives for (item, index) of every item."""

    def stream(self, items: list[Value]) -> Iterator[Value]:
        """The same one by one, for who may stop early; nothing else may call the lambda meanwhile."""

    def call(self, *arguments: Value) -> Value:
        """What it gives for `arguments`; those it has no parameter for are left out."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression literal, as an implementation sees it."""

    source: str
    flags: str


_ANY: Final = frozenset({type(None), bool, int, float, str, list, dict})
TYPES: Final[dict[str, frozenset[type]]] = {
    "any": _ANY,
    "empty": frozenset({type(None)}),
    "boolean": frozenset({bool}),
    "number": frozenset({int, float}),
    "text": frozenset({str}),
    "date": frozenset({str}),
    "list": frozenset({list}),
    "object": frozenset({dict}),
    "pattern": frozenset({Pattern}),
}
LAMBDA_PARAMETERS: Final = {
    "item => any": 2,
    "item => boolean": 2,
    "(a, b) => number": 2,
    "(total, item) => any": 3,
    "(value, key) => any": 2,
    "(value, key) => boolean": 2,
}
"""The kinds of lambda and the most parameters one may have (the index comes after the item)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function. `kinds` are keys of TYPES, or the single kind of lambda."""

    name: str
    kinds: tuple[str, ...]
    is_optional: bool
    is_rest: bool

    @property
    def lambda_parameters(self) -> int:
        """How many parameters the lambda given here may have; 0 when no lambda is wanted."""
        return LAMBDA_PARAMETERS.get(self.kinds[0], 0)

    @property
    def types(self) -> frozenset[type]:
        """The exact types a value given here may have."""
        return frozenset().union(*(TYPES[kind] for kind in self.kinds if kind in TYPES))

    @property
    def expected(self) -> str:
        """What is wanted here, in words."""
        return " or ".join(self.kinds)


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of the function table.

    `signature` reads `name(parameter: type, optional?: type, ...rest: type) -> type`; the first parameter is what
    stands before the dot of a method call. `aliases` are other names for methods, `globals` the names callable without
    a dot in front. `example` is an expression without references, and `result` what it gives.
    """

    name: str
    group: str
    signature: str
    doc: str
    example: str
    result: Json
    aliases: tuple[str, ...]
    globals: tuple[str, ...]
    is_method: bool
    cost: int
    parameters: tuple[Parameter, ...]
    returns: str
    implementation: Implementation

    @property
    def least(self) -> int:
        """The fewest arguments it takes."""
        return sum(not (parameter.is_optional or parameter.is_rest) for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """The most arguments it takes, None for any number."""
        return None if self.parameters[-1].is_rest else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """What the argument at `index` is given for."""
        return self.parameters[min(index, len(self.parameters) - 1)]


_SIGNATURE: Final = re.compile(r"(?P<name>\w+)\((?P<parameters>.*)\) -> (?P<returns>[a-z| ]+)")
_PARAMETER: Final = re.compile(r"(?P<rest>\.\.\.)?(?P<name>\w+)(?P<optional>\?)?: (?P<type>.+)")


class Table:
    """Functions of one group, filled by the decorator `function`."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.functions: list[Function] = []

    def function(
        self,
        signature: str,
        doc: str,
        example: str,
        result: Json,
        *,
        aliases: str = "",
        globals: str = "",
        is_method: bool = True,
        cost: int = 3,
    ) -> Callable[[AnyImplementation], AnyImplementation]:
        """Enter the decorated implementation, which is called as `f(budget, *arguments)` with checked types.

        `aliases` and `globals` list names separated by spaces. `cost` is the fuel of one call besides what the
        implementation pays itself.
        """
        found = _SIGNATURE.fullmatch(signature)
        if not found:
            raise ValueError(f"unreadable signature {signature!r}")

        def enter(implementation: AnyImplementation) -> AnyImplementation:
            self.functions.append(
                Function(
                    name=found["name"],
                    group=self.group,
                    signature=signature,
                    doc=doc,
                    example=example,
                    result=result,
                    aliases=tuple(aliases.split()),
                    globals=tuple(globals.split()),
                    is_method=is_method,
                    cost=cost,
                    parameters=tuple(_parameter(part) for part in _split(found["parameters"])),
                    returns=found["returns"],
                    implementation=implementation,
                )
            )
            return implementation

        return enter


def _split(parameters: str) -> list[str]:
    return re.split(r", (?=[\w.]+\??: )", parameters)


def _parameter(text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if not found:
        raise ValueError(f"unreadable parameter {text!r}")
    kinds = (found["type"],) if found["type"] in LAMBDA_PARAMETERS else tuple(found["type"].split("|"))
    if unknown := [kind for kind in kinds if kind not in TYPES and kind not in LAMBDA_PARAMETERS]:
        raise ValueError(f"unknown type {unknown[0]!r} in {text!r}")
    return Parameter(found["name"], kinds, bool(found["optional"]), bool(found["rest"]))


def whole(value: Any, name: str, least: int, most: int) -> int:
    """`value`, a number, as the integer argument `name` between `least` and `most`; raises ExprError otherwise."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise ExprError(f"{name} must be a whole number, not {value}")
    if not least <= value <= most:
        raise ExprError(f"{name} must be between {least} and {most}")
    return value
