"""Calls as the gateway begins and ends them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from apps.ai.gateway import Caller
from apps.ai.ledger import Begun, begin, end
from apps.ai.models import Budget
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.contract import Attempt, ModelRef, Usage

SMALL = ModelRef(provider="openai", model="small")


def asked(
    caller: Caller, most: str | None = "0.10", *, ref: ModelRef = SMALL, step: str = "turn:1", tokens: int = 0
) -> Begun:
    """A call that may be sent."""
    return begin(
        caller,
        ref,
        step=step,
        purpose="agent",
        most=None if most is None else Decimal(most),
        most_tokens=tokens,
    )


def answered(cost: str | None = "0.04", *, outcome: str = "answered", **usage: int) -> Attempt:
    """What became of one."""
    return Attempt(
        provider="openai",
        model="small",
        outcome=outcome,
        usage=Usage(**(usage or {"input": 100, "output": 20})),
        cost=None if cost is None else Decimal(cost),
        seconds=1.5,
    )


def spend(caller: Caller, cost: str = "0.04", **more: Any) -> None:
    """A whole call."""
    end(asked(caller, cost, **more), answered(cost))


def budget(workspace_id: UUID, name: str = "Team", **given: Any) -> Budget:
    """One of the workspace, a dollar a month unless it is said otherwise."""
    now = clock.now()
    known = {"scope": "workspace", "period": "month", "created_at": now, "updated_at": now}
    if not {"limit_usd", "limit_tokens"} & set(given):
        known["limit_usd"] = Decimal(1)
    with tenant(workspace_id):
        return Budget.objects.create(workspace_id=workspace_id, name=name, **known | given)


@pytest.fixture
def agent(workspace: Any) -> Caller:
    """An agent in an execution of alice's workspace."""
    return Caller(workspace.id, uuid7(), uuid7(), "agent")
