"""Pages use the same workflows as the API."""

from __future__ import annotations

from tests.executions.api.conftest import make

__all__ = ["make"]
