"""What the pages in front of the door need to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts import selectors
from apps.accounts.web.adapter import is_registration_open


def entrance(request: HttpRequest) -> dict[str, Any]:
    """`is_registration_open`, `is_first_run`, `has_mail`; asked only by templates that use them."""
    return {
        "is_registration_open": SimpleLazyObject(is_registration_open),
        "is_first_run": SimpleLazyObject(lambda: not selectors.has_anyone_signed_up(has_demo=settings.DEMO_ENABLED)),
        "has_mail": settings.HAS_MAIL,
    }
