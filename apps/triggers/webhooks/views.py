"""Webhooks and callbacks as views, for what goes through the URL configuration; `asgi` is the quick way in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.core.origin import client_address
from apps.triggers.errors import DeliveryTooLarge
from apps.triggers.webhooks import trials
from apps.triggers.webhooks.answers import Answer
from apps.triggers.webhooks.callbacks import take
from apps.triggers.webhooks.delivery import MAX_BYTES, Delivery, headers_of
from apps.triggers.webhooks.front import respond


@csrf_exempt
async def receive(request: HttpRequest, workspace: str, path: str) -> HttpResponse:
    """Take a delivery in and answer as its webhook node says. Raises what `front.respond` lists."""
    return _sent(await respond(_delivery(request, workspace, path)))


@csrf_exempt
async def receive_test(request: HttpRequest, workspace: str, path: str) -> HttpResponse:
    """Take in what was sent to a test address. Raises what `trials.respond` lists."""
    return _sent(await trials.respond(_delivery(request, workspace, path)))


@csrf_exempt
async def receive_call(request: HttpRequest, token: str) -> HttpResponse:
    """Take the call of a node's own address in. Raises what `callbacks.take` lists."""
    return _sent(await take(_delivery(request, "", token)))


def _delivery(request: HttpRequest, workspace: str, path: str) -> Delivery:
    body: bytes = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise DeliveryTooLarge(f"The body has more than {MAX_BYTES:,} bytes.")
    return Delivery(
        workspace=workspace,
        path=path.strip("/"),
        method=request.method or "",
        headers=headers_of(request.scope["headers"]),  # type: ignore[attr-defined]
        query=request.META.get("QUERY_STRING", ""),
        body=body,
        remote=client_address(request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", "")),
    )


def _sent(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.content, status=answer.status, headers=answer.headers)
    response._has_been_logged = True  # type: ignore[attr-defined]  # a workflow that failed is no fault of the product
    return response
