"""Webhooks as a view, for servers and tests that go through the URL configuration; `asgi` is the quick way in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.triggers.errors import DeliveryTooLarge
from apps.triggers.webhooks.delivery import MAX_BYTES, Delivery, headers_of
from apps.triggers.webhooks.front import respond


@csrf_exempt
async def receive(request: HttpRequest, workspace: str, path: str) -> HttpResponse:
    """Take a delivery in and answer as its webhook node says. Raises what `front.respond` lists."""
    body: bytes = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise DeliveryTooLarge(f"The body has more than {MAX_BYTES:,} bytes.")
    answer = await respond(
        Delivery(
            workspace=workspace,
            path=path.strip("/"),
            method=request.method or "",
            headers=headers_of(request.scope["headers"]),  # type: ignore[attr-defined]
            query=request.META.get("QUERY_STRING", ""),
            body=body,
        )
    )
    response = HttpResponse(answer.content, status=answer.status, headers=answer.headers)
    response._has_been_logged = True  # type: ignore[attr-defined]  # a workflow that failed is no fault of the product
    return response
