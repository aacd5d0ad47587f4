"""Why the ledger lets a call not begin, and what the codes mean for the page of error codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from apps.ai.ledger.words import dollars, tokens
from apps.core.error_codes import ErrorCode, declare
from apps.nodes.contract import NodeError

LINK = "settings/ai-budgets/"
"""Where budgets are changed, below the workspace's address."""

_REACHED = ErrorCode(
    "ai.budget_reached",
    None,
    "A call of a model was not sent: with it, a budget could be passed.",
    "Raise the budget, allow more for this period, or wait for the next one.",
)
_PRICE_UNKNOWN = ErrorCode(
    "ai.price_unknown",
    None,
    "A call of a model was not sent: its price is not known, and a budget counts in dollars only.",
    "Give the budget a limit in tokens too; calls without a price then count by their tokens.",
)
_UNREACHABLE = ErrorCode(
    "ai.ledger_unreachable",
    None,
    "A call of a model was not sent: the database that keeps what calls cost could not be reached.",
    "Nothing was sent. Try again when the database answers.",
)
declare(_REACHED, _PRICE_UNKNOWN, _UNREACHABLE)


def refusal(found: dict[str, Any], *, model: str, most: Decimal | None, most_tokens: int) -> NodeError:
    """Why the budget in `found` (of `ai_call_begin`) lets a call of `model` not begin."""
    name = found["name"]
    details = {each: found[each] for each in ("budget", "name", "limit", "spent", "reserved", "then", "use")}
    details |= {"unit": found["refused"], "link": LINK}
    if found["refused"] == "price":
        message = f"The price of {model} is not known, and the budget “{name}” counts in dollars only."
        return NodeError(_PRICE_UNKNOWN.code, message, _PRICE_UNKNOWN.hint, details=details | {"unit": "usd"})
    show, wanted = (dollars, most) if found["refused"] == "usd" else (tokens, most_tokens)
    spent, reserved, limit = (Decimal(found[each]) for each in ("spent", "reserved", "limit"))
    message = f"The budget “{name}” has {show(max(limit - spent - reserved, Decimal(0)))} left of {show(limit)}"
    message += f", with {show(reserved)} set aside for calls under way" if reserved else ""
    message += f"; this call may take up to {show(Decimal(wanted))}." if wanted else "."
    return NodeError(_REACHED.code, message, _REACHED.hint, details=details)


def unreachable() -> NodeError:
    """The database did not answer in time."""
    return NodeError(_UNREACHABLE.code, _UNREACHABLE.message, _UNREACHABLE.hint, retryable=True)
