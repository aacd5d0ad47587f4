"""Division, remainder and power of numbers, exact where whole numbers allow it."""

import math

from apps.nodes.expressions.budget import MAX_INTEGER_BITS
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.values import Value, number


def divide(left: Value, right: Value) -> Value:
    """`left / right`, a whole number when it comes out even."""
    if right == 0:
        raise ExprError("division by zero")
    if type(left) is int and type(right) is int:
        result, rest = divmod(left, right)
        if not rest:
            return result
    return number(left / right)


def remainder(left: Value, right: Value) -> Value:
    """`left % right` with the sign of `left`."""
    if right == 0:
        raise ExprError("division by zero")
    if type(left) is int and type(right) is int:
        result = abs(left) % abs(right)
        return -result if left < 0 else result
    return number(math.fmod(number(left), number(right)))


def power(left: Value, right: Value) -> Value:
    """`left ** right`, its size checked beforehand."""
    if type(left) is int and type(right) is int and right >= 0:
        if (left.bit_length() - 1) * right > MAX_INTEGER_BITS:
            raise ExprError("the number is too large")
        return number(left**right)
    if left == 0 and right < 0:
        raise ExprError("division by zero")
    try:
        result = float(left) ** float(right)
    except OverflowError:
        raise ExprError("the number is too large") from None
    if type(result) is complex:
        raise ExprError("a negative number has no such root")
    return number(result)
