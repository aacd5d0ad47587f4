"""Routes of view sets."""

from __future__ import annotations

from typing import Any

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """DRF's router with ids that are UUIDs (any other id is a 404). Clients may leave out the final slash."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(use_regex_path=False, **kwargs)

    def get_lookup_regex(self, viewset: Any, lookup_prefix: str = "") -> str:
        """The id's part of a route: `<uuid:pk>` unless the view set says otherwise."""
        if not hasattr(viewset, "lookup_value_converter"):
            viewset.lookup_value_converter = "uuid"
        return super().get_lookup_regex(viewset, lookup_prefix)
