"""Workflows exported from n8n."""

from __future__ import annotations

from apps.workflows.transfer.n8n.reading import drawing_of, is_n8n

__all__ = ["drawing_of", "is_n8n"]
