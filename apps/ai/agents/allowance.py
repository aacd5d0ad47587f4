"""A budget is reached: a person may allow the agent more, or stop it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from apps.nodes.contract import AskHuman, Context, Json, NodeError, Outcome

ALLOWED, STOPPED = "approved", "rejected"


def asks(refused: NodeError) -> bool:
    """Whether this is a budget at whose limit a person is asked."""
    details = refused.details if isinstance(refused.details, Mapping) else {}
    return refused.code == "ai.budget_reached" and details.get("then") == "ask" and bool(details.get("budget"))


def question(refused: NodeError, ctx: Context, *, name: str, seconds: float) -> AskHuman:
    """Ask the workspace's owners how much more it may use."""
    details = refused.details
    is_money = details.get("unit") != "tokens"
    amount = {
        "type": "number" if is_money else "integer",
        "title": "US dollars more" if is_money else "Tokens more",
        "description": "For the present period of the budget only.",
        "exclusiveMinimum": 0,
    }
    proposed = float(details.get("limit") or 1) or 1.0
    return AskHuman(
        question="CONFIRMATION",
        title=f"{name} has reached the budget “{details.get('name', '')}”. May it go on?"[:300],
        message=refused.message,
        data={each: details[each] for each in ("limit", "spent") if each in details} | {"agent": name},
        outcomes=(Outcome(ALLOWED, "Allow more", "primary"), Outcome(STOPPED, "Stop", "danger")),
        deadline=ctx.now + timedelta(seconds=seconds),
        form={
            "kind": "fields",
            "schema": {"type": "object", "required": ["amount"], "properties": {"amount": amount}},
            "initial": {"amount": proposed if is_money else int(proposed)},
            "is_answer": True,
        },
        people={
            "is_named": True,
            "assignees": ["role:owner"],
            "policy": "any",
            "negative": STOPPED,
            "assurance": "signed_in",
        },
    )


def kept(refused: NodeError) -> dict[str, Json]:
    """What the wait keeps, so that the answer can be acted upon in another process."""
    found = {each: refused.details.get(each) for each in ("budget", "name", "unit", "link", "limit", "spent")}
    return {"message": refused.message, "details": found}


def settled(ctx: Context, key: str, state: Mapping[str, Json], answer: Mapping[str, Any]) -> None:
    """Allow what a person allowed. Raises `NodeError` when they did not."""
    details, outcome = state["details"], answer.get("outcome")
    by = answer.get("answered_by")
    who = str(by.get("label") if isinstance(by, Mapping) else by or "Somebody")
    if outcome != ALLOWED:
        why = {STOPPED: f"{who} did not allow more.", "timeout": "Nobody allowed more in time."}
        message = f"{state['message']} {why.get(str(outcome), 'Nobody could be asked to allow more.')}"
        raise NodeError("ai.budget_reached", message, "Raise the budget, or wait for its next period.", details=details)
    amount = (answer.get("data") or {})["amount"]
    ctx.models.allow(details["budget"], key=key, by=who, **{"tokens" if details["unit"] == "tokens" else "usd": amount})
