"""Logs: by pages, as a file, and live. What streams holds no thread and no connection between two pages."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core.api.errors import answer
from apps.core.api.query import refuse_both, refuse_unknown
from apps.core.errors import DomainError, FieldError, Invalid
from apps.core.streams import held_by
from apps.core.tenancy import tenant
from apps.core.threads import in_thread, leave_request_thread
from apps.executions import logbook, selectors
from apps.executions.api import log_forms as forms
from apps.executions.api.events import RETRY_MS, OnlyRead
from apps.executions.feed import follow
from apps.executions.log_formats import FORMATS
from apps.executions.logbook import Page, Wanted
from apps.executions.watchers import stream_of, workspace_to_watch

BATCH = 1_000


class ExecutionLog(WorkspaceAPIView):
    """The log of one execution."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="execution_logs", parameters=[forms.LogQuery], responses=forms.LogOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """What happened, oldest first: `view=business` in sentences, `view=technical` change by change.

        `progress` says how far running nodes are. To read on later, give `last` as `after`.
        """
        asked = _asked(forms.LogQuery, request.query_params)
        execution = selectors.execution_get(workspace_id=self.workspace.id, execution_id=pk)
        found = logbook.execution_page(
            execution=execution, wanted=forms.wanted(asked), after=asked["after"], size=asked["page_size"]
        )
        results = [line.as_dict() for line in found.lines]
        known = {"last": found.last, "progress": logbook.at_work(execution)}
        return Response({"results": results, "next": _next(request, found), "page_size": asked["page_size"]} | known)


class WorkspaceLog(WorkspaceAPIView):
    """The log of all executions of the workspace."""

    permissions = {"get": Permission.EXECUTION_READ}
    may_lag = ("get",)

    @extend_schema(operation_id="logs", parameters=[forms.WorkspaceLogQuery], responses=forms.WorkspaceLogOut)
    def get(self, request: Request) -> Response:
        """What happened in every execution, newest first, in the order in which it was committed.

        Costs the same however much there is: one answer tells at most 2,000 checkpoints, and `next` goes on.
        """
        refuse_both(request.query_params, "workflow", "workflow_id")
        asked = _asked(forms.WorkspaceLogQuery, request.query_params)
        found = logbook.workspace_page(
            workspace_id=self.workspace.id,
            wanted=forms.wanted(asked),
            workflow_id=asked.get("workflow") or asked.get("workflow_id"),
            after=asked["after"],
            size=asked["page_size"],
        )
        results = [line.as_dict_with_execution() for line in found.lines]
        return Response({"results": results, "next": _next(request, found), "page_size": asked["page_size"]})


class Download(WorkspaceAPIView):
    """How the download is described; `download` serves it."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(
        operation_id="execution_log_download",
        parameters=[forms.DownloadQuery],
        responses={
            (200, content_type.partition(";")[0]): OpenApiResponse(OpenApiTypes.STR, description="The whole log.")
            for content_type, _begin, _write in FORMATS.values()
        },
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """The whole log as a file, streamed. In CSV, what a spreadsheet would take for a formula is made text."""
        raise NotImplementedError("served by `download`")


class Stream(WorkspaceAPIView):
    """How the live log is described; `stream` serves it."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(
        operation_id="execution_log_stream",
        parameters=[
            forms.StreamQuery,
            OpenApiParameter(
                "Last-Event-ID", str, OpenApiParameter.HEADER, description="As `after`; browsers send it."
            ),
        ],
        responses={(200, "text/event-stream"): OpenApiResponse(OpenApiTypes.STR, description="Lines as they come.")},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """The log as server-sent events: every line that is there, then each within about a second of being said.

        Ends with the execution.
        """
        raise NotImplementedError("served by `stream`")


def _asked(form: type[serializers.Serializer[Any]], given: Any) -> dict[str, Any]:
    made = form(data=given)
    refuse_unknown(given, made.fields)
    if not made.is_valid():  # a refusal of our own, since what streams is no view of the framework
        errors = [FieldError(name, str(said)) for name, each in made.errors.items() for said in each]
        raise Invalid("Some values are wrong.", errors=errors)
    found: dict[str, Any] = made.validated_data
    return found


def _next(request: Request, found: Page) -> str | None:
    return replace_query_param(request.build_absolute_uri(), "after", found.next) if found.next else None


# ── What streams ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The whole log as a file, or a problem document."""
    opened = await _opened(request, pk, forms.DownloadQuery)
    if isinstance(opened, HttpResponseBase):
        return opened
    workspace_id, asked, _may_watch, _who = opened
    content_type, _begin, _write = FORMATS[asked["format"]]
    name = f"execution-{pk}-{asked['view']}.{asked['format']}"
    return StreamingHttpResponse(
        _file(workspace_id, pk, asked),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


async def stream(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The live log, or a problem document."""
    opened = await _opened(request, pk, forms.StreamQuery)
    if isinstance(opened, HttpResponseBase):
        return opened
    workspace_id, asked, may_watch, who = opened
    asked["after"] = request.headers.get("Last-Event-ID") or asked["after"]
    return StreamingHttpResponse(
        _events(workspace_id, pk, asked, may_watch, who),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


_Opened = tuple[UUID, dict[str, Any], Callable[[], UUID], str]


async def _opened(
    request: HttpRequest, execution_id: UUID, form: type[serializers.Serializer[Any]]
) -> _Opened | HttpResponseBase:
    """Who asks for what, or the refusal."""
    if request.method != "GET":
        return answer(request, OnlyRead(headers={"Allow": "GET"}))
    asking: dict[str, Any] = {
        "user": await request.auser(),
        "authorization": request.headers.get("Authorization", ""),
        "execution_id": execution_id,
    }
    may_watch = partial(workspace_to_watch, **asking)
    try:
        workspace_id, who = await in_thread(stream_of)(**asking)
        asked = _asked(form, request.GET)
        await in_thread(_page)(workspace_id, execution_id, forms.wanted(asked), asked["after"], 1)
    except DomainError as refused:
        return answer(request, refused)
    return workspace_id, asked, may_watch, who


def _page(workspace_id: UUID, execution_id: UUID, wanted: Wanted, after: str, size: int) -> Page:
    with tenant(workspace_id):
        execution = selectors.execution_get(workspace_id=workspace_id, execution_id=execution_id)
        return logbook.execution_page(execution=execution, wanted=wanted, after=after, size=size)


async def _pages(workspace_id: UUID, execution_id: UUID, asked: dict[str, Any]) -> AsyncGenerator[Page]:
    """What there is now, page by page. `asked["after"]` follows."""
    while True:
        found = await in_thread(_page)(workspace_id, execution_id, forms.wanted(asked), asked["after"], BATCH)
        asked["after"] = found.last
        yield found
        if found.next is None:
            return


async def _file(workspace_id: UUID, execution_id: UUID, asked: dict[str, Any]) -> AsyncGenerator[str]:
    _content_type, begin, write = FORMATS[asked["format"]]
    if begin:
        yield begin
    await leave_request_thread()
    async for found in _pages(workspace_id, execution_id, asked):
        yield write(found.lines)


async def _events(
    workspace_id: UUID, execution_id: UUID, asked: dict[str, Any], may_watch: Callable[[], UUID], who: str
) -> AsyncGenerator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    await leave_request_thread()
    seen = int(asked["after"].partition(".")[0] or 0)
    # Who may no longer watch is told when the browser comes again.
    with contextlib.suppress(DomainError), held_by(who):
        async with contextlib.aclosing(follow(workspace_id, execution_id, seen, still_allowed=may_watch)) as messages:
            async for message in messages:
                if "changes" not in message and "snapshot_seq" not in message:
                    yield ": nothing new\n\n"
                    continue
                async for found in _pages(workspace_id, execution_id, asked):
                    for line in found.lines:
                        data = json.dumps(line.as_dict(), ensure_ascii=False, separators=(",", ":"), default=str)
                        yield f"id: {line.id}\ndata: {data}\n\n"


for _view, _described in ((download, Download), (stream, Stream)):
    _view.cls, _view.initkwargs, _view.csrf_exempt = _described, {}, True  # type: ignore[attr-defined]  # for the schema
download_view: Any = download
stream_view: Any = stream
