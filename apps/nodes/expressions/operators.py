"""Closures of operators, made from the closures of their operands."""

import operator
from collections.abc import Callable
from typing import Final, NoReturn, Protocol

from apps.nodes.expressions import ast
from apps.nodes.expressions.arithmetic import divide, power, remainder
from apps.nodes.expressions.budget import INTEGER_LIMIT
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.numbers import read_number
from apps.nodes.expressions.runtime import Closure, Frame, concatenated, loosely_equal
from apps.nodes.expressions.values import Value, equal, number, truthy


class Refuse(Protocol):
    """Raises the error for operands that do not fit; see blame."""

    def __call__(self, frame: Frame, message: str, *operands: tuple[ast.Node, Value]) -> NoReturn: ...


_ORDER: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PLAIN: Final[dict[str, Callable[[Value, Value], Value]]] = {"-": operator.sub, "*": operator.mul}
_CAREFUL: Final[dict[str, Callable[[Value, Value], Value]]] = {"/": divide, "%": remainder, "**": power}
_MISMATCH: Final = {
    "+": "cannot add {0} and {1}",
    "-": "cannot subtract {1} from {0}",
    "*": "cannot multiply {0} by {1}",
    "/": "cannot divide {0} by {1}",
    "%": "cannot divide {0} by {1}",
    "**": "cannot raise {0} to the power of {1}",
}
_BOOLEAN_NODES: Final = (ast.Comparison, ast.Equality, ast.Not)


def is_boolean(node: ast.Node) -> bool:
    """Whether `node` can only give true or false."""
    if isinstance(node, ast.Logic):
        return node.operator != "??" and is_boolean(node.left) and is_boolean(node.right)
    return isinstance(node, _BOOLEAN_NODES)


def condition(node: ast.Node, closure: Closure) -> Closure:
    """A closure Python takes for true exactly when JavaScript takes the value of `closure` for true."""
    return closure if is_boolean(node) else lambda frame: truthy(closure(frame))


def logic(node: ast.Logic, left: Closure, right: Closure) -> Closure:
    """`&&`, `||` and `??`, which give one of their operands."""
    if node.operator == "??":

        def coalesce(frame: Frame) -> Value:
            value = left(frame)
            return right(frame) if value is None else value

        return coalesce
    is_plain = is_boolean(node.left)
    if node.operator == "&&":
        if is_plain:
            return lambda frame: left(frame) and right(frame)

        def both(frame: Frame) -> Value:
            value = left(frame)
            return right(frame) if truthy(value) else value

        return both
    if is_plain:
        return lambda frame: left(frame) or right(frame)

    def either(frame: Frame) -> Value:
        value = left(frame)
        return value if truthy(value) else right(frame)

    return either


def comparison(node: ast.Comparison, left: Closure, right: Closure, refuse: Refuse) -> Closure:
    """`<`, `<=`, `>` and `>=` between two numbers or two texts."""
    order = _ORDER[node.operator]

    def general(frame: Frame, a: Value, b: Value) -> bool:
        if type(a) is str and type(b) is str:
            frame[0].read(min(len(a), len(b)))
            return order(a, b)
        refuse(frame, "cannot compare {0} with {1}", (node.left, a), (node.right, b))

    if isinstance(node.right, ast.Literal) and type(node.right.value) in (int, float):
        constant = node.right.value

        def compare_constant(frame: Frame) -> bool:
            a = left(frame)
            return order(a, constant) if type(a) is int or type(a) is float else general(frame, a, constant)

        return compare_constant

    def compare(frame: Frame) -> bool:
        a = left(frame)
        b = right(frame)
        if (type(a) is int or type(a) is float) and (type(b) is int or type(b) is float):
            return order(a, b)
        return general(frame, a, b)

    return compare


def equality(node: ast.Equality, left: Closure, right: Closure) -> Closure:
    """`==` and `===` and their opposites. Lists and objects are compared by content."""
    is_strict = node.operator in ("===", "!==")
    wanted = node.operator in ("==", "===")
    if isinstance(node.right, ast.Literal):
        constant = node.right.value
        kind = type(constant)
        if constant is None or kind is bool:
            if wanted:
                return lambda frame: left(frame) is constant
            return lambda frame: left(frame) is not constant
        if kind is str and (is_strict or read_number(str(constant)) is None):
            if wanted:
                return lambda frame: left(frame) == constant
            return lambda frame: left(frame) != constant
    same = equal if is_strict else loosely_equal
    return lambda frame: same(left(frame), right(frame), frame[0]) is wanted


def negation(node: ast.Negate, operand: Closure, refuse: Refuse) -> Closure:
    """Unary minus."""
    value = node.operand.value if isinstance(node.operand, ast.Literal) else None
    if type(value) is int or type(value) is float:
        constant = -value
        return lambda frame: constant

    def negate(frame: Frame) -> Value:
        value = operand(frame)
        if type(value) is int or type(value) is float:
            return -value
        refuse(frame, "cannot negate {0}", (node.operand, value))

    return negate


def arithmetic(node: ast.Arithmetic, left: Closure, right: Closure, refuse: Refuse) -> Closure:
    """The operators on numbers; `+` also joins texts."""
    column = node.start + 1

    def mismatch(frame: Frame, a: Value, b: Value) -> NoReturn:
        refuse(frame, _MISMATCH[node.operator], (node.left, a), (node.right, b))

    def checked(result: Value) -> Value:
        try:
            return number(result)
        except ExprError as error:
            raise error.at(column) from None

    if node.operator == "+":

        def add(frame: Frame) -> Value:
            a = left(frame)
            b = right(frame)
            if (type(a) is int or type(a) is float) and (type(b) is int or type(b) is float):
                result = a + b
                return result if -INTEGER_LIMIT < result < INTEGER_LIMIT else checked(result)
            if type(a) is str or type(b) is str:
                one, other = concatenated(a), concatenated(b)
                if one is not None and other is not None:
                    frame[0].make(len(one) + len(other))
                    return one + other
            mismatch(frame, a, b)

        return add
    if node.operator in _PLAIN:
        compute = _PLAIN[node.operator]

        def calculate(frame: Frame) -> Value:
            a = left(frame)
            b = right(frame)
            if (type(a) is int or type(a) is float) and (type(b) is int or type(b) is float):
                result = compute(a, b)
                return result if -INTEGER_LIMIT < result < INTEGER_LIMIT else checked(result)
            mismatch(frame, a, b)

        return calculate
    careful = _CAREFUL[node.operator]

    def calculate_carefully(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if (type(a) is int or type(a) is float) and (type(b) is int or type(b) is float):
            try:
                return careful(a, b)
            except ExprError as error:
                raise error.at(column) from None
        mismatch(frame, a, b)

    return calculate_carefully
