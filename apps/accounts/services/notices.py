"""Telling people what they should know, and noting that they do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.accounts.models import Membership, Notice
from apps.accounts.notices import KINDS, wants
from apps.core.ids import uuid7
from apps.core.jsonclean import cleaned
from apps.core.models import Message
from apps.core.outbox import message_put
from apps.core.subscriptions import Sent
from apps.core.tenancy import tenant

CHANNEL = "notice"
READ_DAYS, UNREAD_DAYS = 30, 90
"""How long notices are kept, read ones and others, from when they last grew."""
_FORGET_BATCH = 1_000

_PUT = """
INSERT INTO accounts_notice (id, workspace_id, user_id, kind, key, subject_id, tone, title, many, detail, url, many_url,
                             count, first_at, last_at)
SELECT told.id, %(workspace)s, told.person, %(kind)s, %(key)s, %(subject)s, %(tone)s, %(title)s, %(many)s, %(detail)s,
       %(url)s, %(many_url)s, 1, %(now)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(people)s::uuid[]) AS told (id, person)
WHERE %(subject)s::uuid IS NULL OR %(subject)s::uuid <> ALL (accounts_hidden_from(%(workspace)s, told.person))
ORDER BY told.person
ON CONFLICT (workspace_id, user_id, key) WHERE read_at IS NULL DO UPDATE
SET count = accounts_notice.count + 1, last_at = EXCLUDED.last_at, title = EXCLUDED.title, many = EXCLUDED.many,
    detail = EXCLUDED.detail, url = EXCLUDED.url, many_url = EXCLUDED.many_url, tone = EXCLUDED.tone
RETURNING id, user_id, count
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told. See `Notice` for the fields; `key` is completed by the kind."""

    kind: str
    key: str
    title: str
    url: str
    many: str = ""
    many_url: str = ""
    detail: str = ""
    tone: str = "error"
    subject_id: UUID | None = None


def notice_put(
    *,
    workspace_id: UUID,
    telling: Telling,
    now: datetime,
    to: Iterable[UUID | None] = (),
    allowed: Permission | None = None,
    not_by_mail: Collection[UUID] = (),
) -> int:
    """Tell the people `to`, or everybody who is `allowed`, as far as they are members and want to know.

    Who has not read the last one of the same key yet gets no second one: that one grows. Mail goes out for the first
    only, by the outbox, and not to those `not_by_mail`; who wants mail has it in the app, too. Gives how many were
    told. Must run inside `tenant()`; from a subscriber of an event it happens once. Raises `KeyError` for a kind that
    is not in `accounts.notices`.
    """
    kind = KINDS[telling.kind]
    wanted = {person for person in to if person is not None}
    members = Membership.objects.filter(workspace_id=workspace_id, user__is_active=True).select_related("user")
    if allowed is None:
        members = members.filter(user_id__in=wanted)
    people = [
        member.user
        for member in members
        if (allowed is None or allowed in permissions_of_role(member.role)) or member.user_id in wanted
    ]
    told = [user for user in people if any(wants(user.preferences, kind.name, way) for way in ("app", "mail"))]
    told.sort(key=lambda user: user.id)
    text = cleaned({"title": telling.title[:300], "many": telling.many[:300], "detail": telling.detail[:2_000]})
    grown: dict[UUID, tuple[UUID, int]] = {}
    if told:
        with connection.cursor() as cursor:
            cursor.execute(
                _PUT,
                {
                    "workspace": workspace_id,
                    "kind": kind.name,
                    "key": f"{kind.name}:{telling.key}"[:200],
                    "subject": telling.subject_id,
                    "tone": telling.tone,
                    "url": telling.url,
                    "many_url": telling.many_url,
                    "now": now,
                    "ids": [uuid7() for _each in told],
                    "people": [user.id for user in told],
                    **text,
                },
            )
            grown = {person: (notice, count) for notice, person, count in cursor.fetchall()}
    if settings.HAS_MAIL:
        for user in told:
            notice, count = grown.get(user.id, (None, 0))
            is_wanted = wants(user.preferences, kind.name, "mail") and user.id not in not_by_mail
            if notice and count == 1 and is_wanted:
                message_put(workspace_id=workspace_id, channel=CHANNEL, subject_id=notice, target=user.email, now=now)
    return len(grown)


def notice_send(message: Message) -> Sent:
    """Send a notice by mail, unless it has been read meanwhile. The sender of the channel `notice`."""
    with tenant(message.workspace_id):
        found = Notice.objects.select_related("user", "workspace").filter(id=message.subject_id).first()
    if found is None or found.read_at is not None or not found.user.is_active:
        return Sent(True, answer="Not sent: it had been read, or is gone.")
    context = {
        "notice": found,
        "url": settings.BASE_URL + found.target,
        "settings_url": settings.BASE_URL + reverse("notification-preferences", args=[found.workspace.slug]),
    }
    subject = _("[%(workspace)s] %(title)s") % {"workspace": found.workspace.name, "title": found.words}
    send_mail(
        " ".join(subject.split()),
        render_to_string("accounts/mail/notice.txt", context),
        None,
        [found.user.email],
        html_message=render_to_string("accounts/mail/notice.html", context),
    )
    return Sent(True)


def notice_read(*, workspace_id: UUID, user_id: UUID, ids: Sequence[UUID] | None = None, now: datetime) -> int:
    """Note that somebody has read these notices, or all of theirs in the workspace. Gives how many were unread."""
    with tenant(workspace_id):
        rows: QuerySet[Notice] = Notice.objects.filter(workspace_id=workspace_id, user_id=user_id, read_at=None)
        if ids is not None:
            rows = rows.filter(id__in=list(ids))
        return rows.update(read_at=now)


def notice_settle(*, workspace_id: UUID, kind: str, key: str, now: datetime) -> int:
    """Nobody needs to know any more: what this notice tells of is over. Must run inside `tenant()`."""
    rows = Notice.objects.filter(workspace_id=workspace_id, kind=kind, key=f"{kind}:{key}"[:200], read_at=None)
    return rows.update(read_at=now)


def notices_forget() -> int:
    """Delete some of what is older than its time, in every workspace; gives how much that was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_notices_forget(%s, %s, %s)", [READ_DAYS, UNREAD_DAYS, _FORGET_BATCH])
        (gone,) = cursor.fetchone()
    return int(gone)
