"""What anyone may ask."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.core import problems
from apps.insights.health import health
from apps.insights.revision import revision


@csrf_exempt
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
