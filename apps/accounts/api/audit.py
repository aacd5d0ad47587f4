"""The audit log: by pages, and as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any, ClassVar

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import audit_log, selectors, services
from apps.accounts.access import limits, resolve
from apps.accounts.access.actor import Access
from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.accounts.api import serializers as forms
from apps.accounts.audit_log import FILTERS, Wanted, wanted_of
from apps.accounts.models import AuditEvent
from apps.core.api.errors import answer
from apps.core.api.query import refuse_unknown
from apps.core.errors import DomainError, FieldError, Invalid, Unauthenticated
from apps.core.tenancy import tenant
from apps.core.threads import in_thread, leave_request_thread

BATCH = 1_000
_ASKED = [
    OpenApiParameter("actor", str, description="A part of the actor's name, or its id."),
    OpenApiParameter("action", str, description="`member.added`, or `member` for all that happens to members."),
    OpenApiParameter("target", str, description="A part of what it was done to."),
    OpenApiParameter("since", str, description="Not before this day or moment (UTC)."),
    OpenApiParameter("until", str, description="Before this day or moment (UTC)."),
]


class AuditLog(WorkspaceViewSet):
    """Who did what to what."""

    permissions = {"list": Permission.AUDIT_READ}
    filters: ClassVar[dict[str, tuple[str, ...]]] = {"list": FILTERS}
    serializer_class = forms.AuditEventOut
    queryset = AuditEvent.objects.none()

    @extend_schema(parameters=_ASKED, responses=forms.AuditEventOut(many=True))
    def list(self, request: Request) -> Response:
        """Everything recorded, newest first. `seq` and `hash` are its place in the chain of the workspace."""
        wanted = wanted_of(request.query_params.dict(), zone=UTC)
        found = wanted.within(selectors.audit_events(self.workspace.id)).select_related("link")
        return self.page(found, forms.AuditEventOut)


class AuditExport(WorkspaceAPIView):
    """How the export is described; `export` serves it."""

    permissions = {"get": Permission.AUDIT_READ}

    @extend_schema(
        operation_id="audit_export",
        parameters=[*_ASKED, OpenApiParameter("format", str, enum=["csv", "json"], description="Default: csv.")],
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="Everything that fits, newest first."),
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT, description="The same, as an array."),
        },
    )
    def get(self, request: Request) -> Response:
        """The log as a file, streamed. With it the chain can be computed anew. Exports are recorded, too."""
        raise NotImplementedError("served by `export`")


async def export(request: HttpRequest) -> HttpResponseBase:
    """The file, or a problem document."""
    if request.method != "GET":
        return answer(request, OnlyRead(headers={"Allow": "GET"}))
    await request.auser()
    try:
        access, wanted, kind = await in_thread(_opened)(request)
    except DomainError as refused:
        return answer(request, refused)
    name = f"audit-{access.workspace.slug}.{kind}"
    return StreamingHttpResponse(
        _file(access, wanted, kind),
        content_type="text/csv; charset=utf-8" if kind == "csv" else "application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


class OnlyRead(DomainError):
    """This address can only be read."""

    code = "core.method_not_allowed"
    status = 405


def _opened(request: HttpRequest) -> tuple[Access, Wanted, str]:
    try:
        access = resolve.of_request(request)
    except Unauthenticated:
        limits.spend_by_stranger()
        raise
    limits.spend_by_actor(access)
    access.actor.require(Permission.AUDIT_READ)
    refuse_unknown(request.GET, (*FILTERS, "format"))
    kind = request.GET.get("format", "csv")
    if kind not in ("csv", "json"):
        raise Invalid("Some values are wrong.", errors=[FieldError("format", "csv or json.")])
    wanted = wanted_of(request.GET.dict(), zone=UTC)
    with tenant(access.workspace.id):
        asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
        services.audit_record(
            workspace_id=access.workspace.id,
            actor=access.actor,
            action="audit.exported",
            target=access.workspace.slug,
            data={"format": kind} | asked,
        )
    return access, wanted, kind


async def _file(access: Access, wanted: Wanted, kind: str) -> AsyncIterator[str]:
    yield ",".join(audit_log.COLUMNS) + "\r\n" if kind == "csv" else "["
    await leave_request_thread()
    before, is_first = None, True
    while True:
        found = await in_thread(audit_log.batch)(access.workspace.id, wanted, before, BATCH)
        if kind == "csv":
            yield audit_log.as_csv(found)
        else:
            yield "".join(audit_log.as_json(found, is_first=is_first))
        if len(found) < BATCH:
            break
        before, is_first = found[-1].id, False
    if kind == "json":
        yield "]\n"


export.cls, export.initkwargs, export.csrf_exempt = AuditExport, {}, True  # type: ignore[attr-defined]  # for the schema
export_view: Any = export
