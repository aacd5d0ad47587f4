"""Whoever waits for an execution gets what became of it, whatever it is, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apps.executions import live, replies
from apps.executions.replies import Reply

pytestmark = pytest.mark.integration


async def told(outcome: dict[str, Any]) -> Reply | None:
    async with replies.expect() as ticket:
        live.reply(ticket.channel, outcome | {"execution_id": str(ticket.execution_id)})
        return await ticket.wait(0.8)  # sooner than it would be read again


def test_numbers_of_any_size_reach_the_caller_and_silence_nobody(committed_db: None) -> None:
    common = {"status": "SUCCESS", "response": None, "error": None}

    async def both() -> list[Reply | None]:
        return [await told(common | {"output": each}) for each in (2**100, "after")]

    found = asyncio.run(both())
    assert [each and each.output for each in found] == [2**100, "after"]


def test_an_event_loop_that_ended_is_forgotten(committed_db: None) -> None:
    outcome = {"status": "SUCCESS", "response": None, "error": None, "output": 1}
    for _ in range(3):
        asyncio.run(told(outcome))
    assert sum(loop.is_closed() for loop in replies._desks) <= 1
