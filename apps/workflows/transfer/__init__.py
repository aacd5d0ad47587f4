"""Workflows as files: what an export holds, and what an import takes, in whose form it may be. Pure."""

from __future__ import annotations

from apps.workflows.transfer.parcel import FORMAT, Parcel, Remark, export_document, ordered
from apps.workflows.transfer.reading import import_document, normalised

__all__ = ["FORMAT", "Parcel", "Remark", "export_document", "import_document", "normalised", "ordered"]
