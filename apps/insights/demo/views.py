"""The small systems that the demo's workflows call: a stock, a carrier, and suppliers that take their time."""

from __future__ import annotations

import asyncio
import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.core import jsonclean
from apps.core.errors import DomainError, Invalid

LONGEST_MS = 10_000
MAX_BYTES = 100_000


class OnlyPost(DomainError):
    """Shipments are ordered with POST."""

    code = "demo.only_post"
    status = 405


async def stock(request: HttpRequest) -> JsonResponse:
    """What is in stock."""
    _enabled()
    return JsonResponse({"warehouse": "Hamburg", "items": {"Oak table": 12, "Oak chair": 40}})


@csrf_exempt
async def shipments(request: HttpRequest) -> JsonResponse:
    """Order a shipment: `{"order": …}`; the same Idempotency-Key gives the same one. Raises `Invalid`, `OnlyPost`."""
    _enabled()
    if request.method != "POST":
        raise OnlyPost(headers={"Allow": "POST"})
    given = jsonclean.parse(request.read(MAX_BYTES + 1), limit=MAX_BYTES)
    order = given.get("order") if isinstance(given, dict) else None
    if not isinstance(order, str) or not order:
        raise Invalid("A shipment needs the order it is for.", hint='Send {"order": "A-1"}.')
    key = request.headers.get("Idempotency-Key") or order
    number = f"SH-{int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 1_000_000:06}"
    return JsonResponse({"shipment": number, "order": order, "carrier": "Demo Parcel"}, status=201)


async def slow(request: HttpRequest) -> JsonResponse:
    """A supplier's price, after `ms` milliseconds (at most 10,000). Raises `Invalid`."""
    _enabled()
    raw = request.GET.get("ms", "200")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 5 or int(raw) > LONGEST_MS:
        raise Invalid(f"ms is a whole number from 0 to {LONGEST_MS}.")
    await asyncio.sleep(int(raw) / 1000)
    supplier = request.GET.get("supplier", "")[:100]
    price = 80 + int(hashlib.sha256(supplier.encode("utf-8", "replace")).hexdigest()[:4], 16) % 60
    return JsonResponse({"supplier": supplier, "price": price, "waited_ms": int(raw)})


def _enabled() -> None:
    if not settings.DEMO_ENABLED:
        raise Http404
