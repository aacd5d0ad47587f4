"""What Prometheus reads."""

from __future__ import annotations

import hmac

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from apps.core import problems
from apps.core.errors import Unauthenticated
from apps.core.telemetry import metrics


async def read_metrics(request: HttpRequest) -> HttpResponse:
    """Every figure in Prometheus' text format, for whoever sends `Authorization: Bearer <METRICS_TOKEN>`.

    404 while no token is set: figures of all workspaces are nobody's by default.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        refused = problems.of(Unauthenticated("Send the token of METRICS_TOKEN as a bearer."), instance=request.path)
        return JsonResponse(refused, status=401, content_type=problems.CONTENT_TYPE)
    text = await sync_to_async(metrics.exposition)()
    return HttpResponse(text, content_type=metrics.CONTENT_TYPE, headers={"Cache-Control": "no-store"})
