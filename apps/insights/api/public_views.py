"""What anyone may ask."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import problems
from apps.insights.health import health
from apps.insights.revision import revision


class PartOut(serializers.Serializer[Any]):
    """How one part is doing."""

    ok = serializers.BooleanField()
    detail = serializers.CharField(help_text="One sentence for people.")
    latency_ms = serializers.FloatField()


class HealthOut(serializers.Serializer[Any]):
    """How the product is doing. `beat` and `replica` may be missing for a while; the others are needed."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "down"])
    revision = serializers.CharField()
    database = PartOut()
    broker = PartOut()
    workers = PartOut()
    beat = PartOut()
    replica = PartOut(required=False, help_text="Only where there is one.")


class Health(APIView):
    """How health is described; `read_health` serves it."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="health", auth=[], responses={200: HealthOut, 503: HealthOut})
    def get(self, request: Request) -> Response:
        """How the product is doing: 200 when everything needed is there, 503 when not. Needs no key."""
        raise NotImplementedError("served by `read_health`")


async def read_health(request: HttpRequest) -> JsonResponse:
    """200 when everything needed is there, 503 when not; each part with `ok`, `detail` and `latency_ms`."""
    if request.method not in ("GET", "HEAD"):
        document = problems.document(
            status=405, detail="Health is only read.", code="core.method_not_allowed", instance=request.path
        )
        return JsonResponse(document, status=405, headers={"Allow": "GET, HEAD"}, content_type=problems.CONTENT_TYPE)
    found = await health()
    document = {"status": found.word, "revision": revision()}
    document |= {name: part.as_dict() for name, part in found.parts.items()}
    response = JsonResponse(document, status=200 if found.is_ok else 503, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined]  # saying that something is down is no fault
    return response


read_health.cls, read_health.initkwargs, read_health.csrf_exempt = Health, {}, True  # type: ignore[attr-defined]  # where the schema generator looks
