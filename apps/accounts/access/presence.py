"""Who was here last, and from where: noted while people look at pages."""

from __future__ import annotations

from django.http import HttpRequest

from apps.accounts import services
from apps.accounts.models import User, Workspace
from apps.accounts.services.members import SEEN_EVERY
from apps.core import origin
from apps.core.clock import now

_SEEN = "seen"
_NOWHERE = "0.0.0.0"  # the table wants an address; behind a socket there is none


def note(request: HttpRequest, *, workspace: Workspace, user: User) -> None:
    """Note that somebody looks at a workspace; in each browser at most once in five minutes and workspace."""
    at = now()
    slug, _, moment = str(request.session.get(_SEEN, "")).partition(" ")
    if slug == workspace.slug and moment.isdecimal() and at.timestamp() - int(moment) < SEEN_EVERY.total_seconds():
        return
    request.session[_SEEN] = f"{workspace.slug} {int(at.timestamp())}"
    services.member_seen(workspace_id=workspace.id, user_id=user.id, at=at)
    note_session(request, user)


def note_session(request: HttpRequest, user: User) -> None:
    """Note where this browser's session is used from, for the list of one's sessions."""
    from allauth.usersessions.models import UserSession

    key = getattr(request.session, "session_key", None)
    if key is None:  # it is not kept yet; the next page is early enough
        return
    where = origin.of_request(request)
    UserSession.objects.update_or_create(
        session_key=key,
        defaults={
            "user": user,
            "ip": where.address or _NOWHERE,
            "user_agent": where.user_agent[:200],
            "last_seen_at": now(),
        },
    )
