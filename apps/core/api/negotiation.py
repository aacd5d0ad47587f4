"""Which form an answer takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AlwaysFirst(BaseContentNegotiation):
    """The API speaks JSON, whatever the client says it accepts; bodies are chosen by their Content-Type."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser for the request's Content-Type; a body without one is taken as JSON."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        for parser in parsers:
            if kind in ("", parser.media_type) or (kind.endswith("+json") and parser.media_type == "application/json"):
                return parser
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str] | Any:
        """The view's first renderer."""
        first = next(iter(renderers))
        return first, first.media_type
