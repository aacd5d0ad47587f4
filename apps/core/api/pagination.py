"""Lists in pages that stay right while rows arrive: the next page begins after the last id seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from apps.core.api.query import PAGED, refuse_unknown
from apps.core.errors import FieldError, Invalid


class Pages(BasePagination):
    """`{"results": […], "next": url or null, "page_size": n}`; newest first, since ids sort by time.

    `?page_size=` from 1 to 200 (default 50), `?cursor=` as given in `next`. On the view, `is_newest_first = False`
    turns the order round, and `filters` names the other parameters of each action: what nobody reads is refused.
    """

    default_size = 50
    max_size = 200

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """The rows of the page asked for. Raises `Invalid` for parameters that cannot be."""
        if not isinstance(queryset, QuerySet):
            raise TypeError("Pages are made of querysets; a list needs none.")
        filters = getattr(view, "filters", {}).get(getattr(view, "action", None), ())
        refuse_unknown(request.query_params, (*filters, *PAGED))
        self.request = request
        self.size = _size(request, self.default_size, self.max_size)
        is_newest_first = getattr(view, "is_newest_first", True)
        rows = queryset.order_by("-pk" if is_newest_first else "pk")
        cursor = request.query_params.get("cursor")
        if cursor:
            rows = rows.filter(**{"pk__lt" if is_newest_first else "pk__gt": _uuid(cursor)})
        found: list[Model] = list(rows[: self.size + 1])
        self.following = found[self.size - 1].pk if len(found) > self.size else None
        return found[: self.size]

    def get_paginated_response(self, data: Any) -> Response:
        """The page as the API's list document."""
        following = None
        if self.following is not None:
            following = replace_query_param(self.request.build_absolute_uri(), "cursor", str(self.following))
        return Response({"results": data, "next": following, "page_size": self.size})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The OpenAPI form of the list document."""
        return {
            "type": "object",
            "required": ["results", "next", "page_size"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "format": "uri"},
                "page_size": {"type": "integer"},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """The OpenAPI form of `page_size` and `cursor`."""
        size = {"type": "integer", "minimum": 1, "maximum": self.max_size, "default": self.default_size}
        return [
            {"name": "page_size", "in": "query", "required": False, "schema": size},
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string", "format": "uuid"}},
        ]


def _size(request: Request, default: int, maximum: int) -> int:
    raw = request.query_params.get("page_size")
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 10) or not 1 <= int(raw) <= maximum:
        message = f"page_size must be a whole number from 1 to {maximum}."
        raise Invalid(message, errors=[FieldError(path="page_size", message=message)])
    return int(raw)


def _uuid(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError:
        message = "The cursor is not one this list gave out."
        hint = "Use the address in `next` as it is."
        raise Invalid(message, hint=hint, errors=[FieldError(path="cursor", message=message)]) from None
