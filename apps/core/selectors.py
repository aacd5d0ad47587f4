"""Reads of the ground floor."""

from __future__ import annotations

from django.db import connection

from apps.core.models import Pulse


def pulse(name: str) -> Pulse | None:
    """The last sign of life of `name`, or None when it never gave one."""
    return Pulse.objects.filter(name=name).first()


def given_up() -> tuple[int, int]:
    """How many events could not be told, and how many messages of the last seven days could not be sent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT events, messages FROM core_given_up()")
        events, messages = cursor.fetchone()
    return events, messages
