"""Telling what no event tells of: it is found by looking, every minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.accounts.services import Telling, notice_put
from apps.core.tenancy import tenant
from apps.integrations.models import Credential

_MOST = 500


def notices_look(*, now: datetime) -> int:
    """Tell owners of queues that are full, at most once an hour, and managers of credentials that are due for a fresh
    secret, once. Gives how many people were told. Harmless at any time, in any number of processes.
    """
    told = 0
    standard = settings.WORKSPACE_QUEUE_DEPTH or 2**31 - 1
    for workspace_id, queued, allowed in _rows("SELECT * FROM insights_full_queues(%s)", standard):
        with tenant(workspace_id):
            slug = Workspace.objects.values_list("slug", flat=True).get(id=workspace_id)
            telling = Telling(
                kind="limit.reached",
                key="queue",
                title=_("No more executions are taken: %(queued)s wait in line") % {"queued": f"{queued:,}"},
                detail=_("At most %(allowed)s may. Starts are refused until some have begun.")
                % {"allowed": f"{allowed:,}"},
                url=reverse("limits", args=[slug]),
            )
            told += notice_put(workspace_id=workspace_id, telling=telling, now=now, allowed=Permission.WORKSPACE_MANAGE)
    for workspace_id, credential_id in _rows("SELECT * FROM insights_due_credentials(%s)", _MOST):
        with tenant(workspace_id):
            credential = Credential.objects.filter(workspace_id=workspace_id, id=credential_id).first()
            if credential is None:
                continue  # deleted meanwhile
            slug = Workspace.objects.values_list("slug", flat=True).get(id=workspace_id)
            telling = Telling(
                kind="credential.attention",
                key=f"rotate:{credential.id}",
                tone="warning",
                title=_("%(name)s is due for a fresh secret") % {"name": credential.name},
                detail=_("Its secret is older than %(days)d days. Make a new one in the other system, and put it in.")
                % {"days": credential.rotate_after_days or 0},
                url=reverse("credential", args=[slug, credential.id]),
            )
            who: dict[str, Any] = (
                {"to": [credential.owner_id]} if credential.is_private else {"allowed": Permission.CREDENTIAL_MANAGE}
            )
            told += notice_put(workspace_id=workspace_id, telling=telling, now=now, **who)
    return told


def _rows(sql: str, parameter: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
