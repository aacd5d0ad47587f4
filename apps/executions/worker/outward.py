"""The door through which nodes of this process reach other systems."""

from __future__ import annotations

from django.conf import settings

from apps.core import egress
from apps.nodes.contract import Http


def door() -> Http:
    """The process's door with the operator's policy; its connections are kept alive and shared between threads."""
    return egress.door(egress.Policy.of(settings.EGRESS_ALLOW))
