"""Who operates, and which workspace they have chosen to look into."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts import selectors
from apps.accounts.access.actor import Actor, system
from apps.accounts.models import Workspace

CHOSEN = "operator_workspace"


def is_operator(user: Any) -> bool:
    """Whether somebody signed in may operate this installation."""
    return bool(user.is_authenticated and user.is_active and user.is_staff and user.is_superuser)


def lacks_second_factor(user: Any) -> bool:
    """Whether this installation asks for a second factor and the operator has none."""
    return settings.REQUIRE_SECOND_FACTOR and not selectors.has_second_factor(user.pk)


def operator_of(request: HttpRequest) -> Actor:
    """The operator as the record of a workspace names them: no member, but the product in somebody's hands."""
    return system(f"operator {request.user}")


def chosen_workspace(request: HttpRequest) -> Workspace | None:
    """The workspace the operator looks into; None until one is chosen."""
    slug = request.session.get(CHOSEN)
    if not slug:
        return None
    if not hasattr(request, "_operator_workspace"):
        request._operator_workspace = selectors.workspace_by_slug(slug)  # type: ignore[attr-defined]
    found: Workspace | None = request._operator_workspace  # type: ignore[attr-defined]
    return found


def badge(request: HttpRequest) -> list[str] | None:
    """The mark on top of every page: whose data this is."""
    found = chosen_workspace(request)
    return [_("Inside %(name)s") % {"name": found.name}, "warning"] if found else None
