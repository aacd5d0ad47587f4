"""A call of a node's own address: one look at its token, one statement, one answer."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from functools import partial
from typing import Any

from apps.core import clock
from apps.core.ids import uuid7
from apps.executions import calls
from apps.executions.calls import Address, CallUnknown, address_of
from apps.triggers.errors import WrongMethod
from apps.triggers.webhooks import receiver
from apps.triggers.webhooks.answers import Answer, of_value
from apps.triggers.webhooks.delivery import Delivery


async def take(delivery: Delivery) -> Answer:
    """Hand a call to the execution that waits for it, or will; `delivery.path` is the token.

    200 once it is committed. A wrong token is refused without looking into the database, and so is another method than
    the node's: what only looks at links changes nothing. Raises `CallUnknown`, `WrongMethod`, `AlreadyAnswered`,
    `CallTooLate`, `Unavailable`, and for the body what `Delivery.as_input` lists.
    """
    address = address_of(delivery.path)
    if address is None:
        raise CallUnknown
    if delivery.method != address.method:
        raise WrongMethod(
            f"This address is called with {address.method}, not with {delivery.method}.",
            headers={"Allow": address.method},
            allowed=[address.method],
        )
    given = delivery.as_input()
    call = {
        "id": delivery.external_id or str(uuid7()),
        "method": delivery.method,
        "headers": given["headers"],
        "query": given["query"],
        "body": given["body"],
        "received_at": clock.now().isoformat(),
    }
    receive = partial(_receive, address, call, arrived_at=time.monotonic())
    outcome = await asyncio.get_running_loop().run_in_executor(receiver.THREADS, copy_context().run, receive)
    return of_value(200, {"status": outcome, "execution_id": str(address.execution_id)})


def _receive(address: Address, call: dict[str, Any], *, arrived_at: float) -> str:
    # A try whose commit was not confirmed is the same call again, so it is answered as the first would have been.
    return receiver.patiently(lambda is_again: calls.call_receive(address=address, call=call), arrived_at=arrived_at)
