"""Webhooks and callbacks as an ASGI application of their own: the way in that the web server takes.

A webhook needs neither session nor forms nor templates, and Django's handler would cost as much as the rest of the
call: five changes between event loop and threads, where this has one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from apps.core import problems, ratelimit
from apps.core.api.errors import as_domain_error
from apps.core.jsonclean import cleaned
from apps.core.origin import client_address
from apps.triggers.errors import DeliveryTooLarge, NobodyListens
from apps.triggers.webhooks import answers, limits, trials
from apps.triggers.webhooks.answers import Answer
from apps.triggers.webhooks.callbacks import take
from apps.triggers.webhooks.delivery import MAX_BYTES, Delivery, headers_of
from apps.triggers.webhooks.front import respond

logger = logging.getLogger(__name__)

PREFIX = "/webhooks/"
CALLBACKS = "/callbacks/"
TESTS = "/webhooks-test/"
SELF_TEST = "agentflow.self_test"  # set by this product only: no server takes it from the line
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One request below `/webhooks/`, `/webhooks-test/` or `/callbacks/`. Refusals and faults are problem documents."""
    try:
        answer = await _answer(scope, receive)
    except _Gone:
        return
    except Exception as error:
        answer = _refusal(error, str(scope["path"]))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers.append((b"Content-Length", str(len(answer.content)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})


async def _answer(scope: dict[str, Any], receive: Receive) -> Answer:
    address = str(scope["path"])
    is_callback = address.startswith(CALLBACKS)
    is_test = address.startswith(TESTS)
    if is_callback:
        workspace, path = "", address.removeprefix(CALLBACKS)
    else:
        workspace, _, path = address.removeprefix(TESTS if is_test else PREFIX).partition("/")
        if not workspace or not path.strip("/"):
            raise NobodyListens("The address of a webhook is /webhooks/<workspace>/<path>.")
    headers = headers_of(scope["headers"])
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise DeliveryTooLarge(f"The body has {int(length):,} bytes; at most {MAX_BYTES:,} are accepted.")
    standings = [] if is_callback else await limits.spent(workspace, path)
    answer = take if is_callback else trials.respond if is_test else respond
    found = await answer(
        Delivery(
            workspace=workspace,
            path=path.strip("/"),
            method=scope["method"],
            headers=headers,
            query=scope["query_string"].decode("latin-1"),
            body=await _body(receive),
            remote=client_address(_peer(scope), headers.get("x-forwarded-for", "")),
            is_self_test=scope.get(SELF_TEST) is True,
        )
    )
    return replace(found, headers=found.headers | ratelimit.headers(standings)) if standings else found


def _peer(scope: dict[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0] or "") if client else ""


class _Gone(Exception):
    """The sender left before its delivery was complete; nobody is there to be answered."""


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > MAX_BYTES:
            raise DeliveryTooLarge(f"The body has more than {MAX_BYTES:,} bytes.")
        if not message.get("more_body", False):
            return bytes(body)


def _refusal(error: Exception, path: str) -> Answer:
    refused = as_domain_error(error)
    if refused is None:
        logger.error("fault in a webhook: %s", path, exc_info=error)
        document = problems.document(
            status=500,
            detail="The product failed while doing this. The fault has been logged.",
            code="core.failed",
            instance=path,
        )
        return answers.problem(500, document)
    return answers.problem(refused.status, cleaned(problems.of(refused, instance=path)), refused.headers)
