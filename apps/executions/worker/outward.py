"""The door through which nodes of this process reach other systems."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from apps.core.egress import HttpDoor, Policy
from apps.nodes.contract import Http


@cache
def door() -> Http:
    """One door per process, with the operator's policy; its connections are kept alive and shared between threads."""
    return HttpDoor(Policy.parse(settings.EGRESS_ALLOW))
