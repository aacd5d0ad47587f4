"""`GET executions/<id>/events`: changes as server-sent events. An idle stream holds no thread and no connection."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.errors import answer
from apps.core.errors import DomainError
from apps.core.streams import held_by
from apps.core.threads import in_thread, leave_request_thread
from apps.executions.feed import Message, follow
from apps.executions.watchers import sequence_number, stream_of, workspace_to_watch

RETRY_MS = 2_000


class OnlyRead(DomainError):
    """This address can only be read."""

    code = "core.method_not_allowed"
    status = 405


class Events(WorkspaceAPIView):
    """How the stream is described; `view` serves it."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(
        operation_id="execution_events",
        parameters=[
            OpenApiParameter("after", int, description="Begin after this checkpoint. Default: from the beginning."),
            OpenApiParameter(
                "Last-Event-ID", int, OpenApiParameter.HEADER, description="As `after`; browsers send it."
            ),
        ],
        responses={
            (200, "text/event-stream"): OpenApiResponse(OpenApiTypes.STR, description="Changes as they happen.")
        },
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Follow an execution: `{"snapshot_seq"}` first, then every change, `{"seq"}` every 15 s of silence.

        Ends after the change that ended the execution.
        """
        raise NotImplementedError("served by `view`")


async def events(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The stream, or a problem document."""
    if request.method != "GET":
        return answer(request, OnlyRead(headers={"Allow": "GET"}))
    authorization = request.headers.get("Authorization", "")
    asking: dict[str, Any] = {"user": await request.auser(), "authorization": authorization, "execution_id": pk}
    may_watch = partial(workspace_to_watch, **asking)
    try:
        workspace_id, who = await in_thread(stream_of)(**asking)
    except DomainError as refused:
        return answer(request, refused)
    after = sequence_number(request.headers.get("Last-Event-ID") or request.GET.get("after", "0"))
    return StreamingHttpResponse(
        _stream(follow(workspace_id, pk, after, still_allowed=may_watch), who),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _stream(following: AsyncGenerator[Message], who: str) -> AsyncGenerator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    await leave_request_thread()  # here, since middleware uses it once more between the view and the stream
    # Who may no longer watch is told when the browser comes again.
    with contextlib.suppress(DomainError), held_by(who):
        async with contextlib.aclosing(following) as messages:
            async for message in messages:
                yield _event(message)


def _event(message: Message) -> str:
    number = f"id: {message['seq']}\n" if "seq" in message else ""
    return f"{number}data: {json.dumps(message, ensure_ascii=False, separators=(',', ':'))}\n\n"


events.cls, events.initkwargs, events.csrf_exempt = Events, {}, True  # type: ignore[attr-defined]  # where the schema generator looks
view: Any = events
