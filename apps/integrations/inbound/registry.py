"""The vendors that send us something: whatever lies in the folders."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from apps.integrations.inbound.declare import InboundVendor

_VENDORS = Path(__file__).resolve().parent.parent / "vendors"


@cache
def inbound_vendors() -> Mapping[str, InboundVendor]:
    """Every vendor with an `inbound.py`, by its name."""
    found: dict[str, InboundVendor] = {}
    for path in sorted(_VENDORS.glob("*/inbound.py")):
        module = importlib.import_module(f"apps.integrations.vendors.{path.parent.name}.inbound")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, InboundVendor) and cls.__module__ == module.__name__:
                found[cls.vendor] = cls()
    return MappingProxyType(found)
