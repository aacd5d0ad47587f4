"""Numbered pages of lists that may be very long."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST = 10_000


class Bounded(Paginator):  # type: ignore[type-arg]  # generic in its stubs only
    """Pages of a queryset that counts to 10,000 and offers no more: a page costs the same however much there is."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        found: int = rows.order_by().values("pk")[: MOST + 1].count()
        return found

    @property
    def count(self) -> int:
        """How many rows are offered."""
        return min(self._counted, MOST)

    @property
    def is_beyond(self) -> bool:
        """Whether there are more."""
        return self._counted > MOST
