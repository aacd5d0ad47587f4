"""`POST /integrations/<vendor>/events`: where vendors send what happens there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from apps.core import clock
from apps.core.errors import TooLarge
from apps.integrations.inbound.declare import Incoming
from apps.integrations.inbound.receiving import vendor_receive

MAX_BYTES = 1_000_000


@method_decorator(csrf_exempt, name="dispatch")
class VendorEvents(View):
    """What arrives proves itself by the vendor's signature; there is no session and no form."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, vendor: str) -> HttpResponse:
        """Take it in. Raises what `vendor_receive` raises, and `TooLarge`."""
        body: bytes = request.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge(f"The body has more than {MAX_BYTES:,} bytes.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = vendor_receive(vendor=vendor, incoming=Incoming(headers, body, clock.now()))
        response = HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response
