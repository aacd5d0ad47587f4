"""Bodies that come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from apps.core.errors import TooLarge
from apps.core.jsonclean import parse


class StrictJSONParser(BaseParser):
    """JSON that can be stored, of at most API_BODY_LIMIT bytes. A view sets `body_limit` to accept more."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value; raises `TooLarge` before reading when the length is announced, `NotJson` otherwise."""
        context = parser_context or {}
        limit: int = getattr(context.get("view"), "body_limit", settings.API_BODY_LIMIT)
        request = context.get("request")
        announced = request.META.get("CONTENT_LENGTH") if request is not None else None
        if announced and str(announced).isdecimal() and int(announced) > limit:
            raise TooLarge(f"The body has {int(announced):,} bytes; at most {limit:,} are accepted.")
        raw: bytes = stream.read(limit + 1)
        return parse(raw, limit=limit)
