"""What the pages in front of the door need to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts import selectors
from apps.accounts.web.adapter import is_registration_open
from apps.accounts.web.factors import can_hold_passkeys


def entrance(request: HttpRequest) -> dict[str, Any]:
    """`is_registration_open`, `is_first_run`, `has_mail`, `can_hold_passkeys`; asked only by who uses them."""
    return {
        "is_registration_open": SimpleLazyObject(is_registration_open),
        "is_first_run": SimpleLazyObject(lambda: not selectors.has_anyone_signed_up(has_demo=settings.DEMO_ENABLED)),
        "has_mail": settings.HAS_MAIL,
        "can_hold_passkeys": SimpleLazyObject(lambda: can_hold_passkeys(request)),
    }
