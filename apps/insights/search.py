"""Finding by a few letters: workflows, executions and people. The workspace comes first; five queries at most."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from apps.accounts import selectors as accounts
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.models import Membership
from apps.core import replica
from apps.executions.models import Execution
from apps.workflows import selectors as workflows
from apps.workflows.models import Workflow

MOST = 8
LONGEST = 60
TAIL = 6
LATEST = 10_000
"""How many of the newest executions are looked through for the six letters that pages show of an id. The whole id, or
its beginning, is found among all."""

_ID_LETTERS = re.compile(r"[0-9a-f]+\Z")
_SHORTEST_ID = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What fits, best first."""

    workflows: list[Workflow] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    members: list[Membership] = field(default_factory=list)


def search(workspace_id: UUID, *, q: str, actor: Actor) -> Found:
    """Up to eight of each kind the actor may read. Without letters: what was changed or started last, and nobody.

    A name fits when it has the letters in their order ("ordap" finds "Order approval"). Executions are found by their
    id, and as the latest of the workflows that fit.
    """
    q = " ".join(q.replace("\0", "").split())[:LONGEST]
    found = Found()
    named: list[Workflow] = []
    if actor.can(Permission.WORKFLOW_READ):
        named = _workflows(workspace_id, q)
        found.workflows.extend(named)
        if q:
            found.members.extend(_members(workspace_id, q))
    if actor.can(Permission.EXECUTION_READ):
        found.executions.extend(_executions(workspace_id, q, named))
    return found


def _workflows(workspace_id: UUID, q: str) -> list[Workflow]:
    rows = workflows.workflow_list(workspace_id).defer("draft").select_related(None)
    if not q:
        return list(rows.order_by("-updated_at")[:MOST])
    return list(_fitting(rows, q)[:MOST])


def _members(workspace_id: UUID, q: str) -> list[Membership]:
    rows = accounts.members(workspace_id)
    fits = Q(user__name__iregex=_in_order(q)) | Q(user__email__icontains=q)
    return list(rows.filter(fits).order_by("user__name", "id")[:MOST])


def _executions(workspace_id: UUID, q: str, named: list[Workflow]) -> list[Execution]:
    rows = Execution.objects.filter(workspace_id=workspace_id).select_related("workflow").order_by("-id")
    rows = rows.only("id", "status", "mode", "created_at", "workflow__name")
    if not q:
        return list(rows[:MOST])
    letters = q.lower().replace("-", "").lstrip("#")
    ids: list[UUID] = []
    if len(letters) >= _SHORTEST_ID and len(letters) <= 32 and _ID_LETTERS.match(letters):
        ids = _with_id(workspace_id, letters)
    found = list(rows.filter(id__in=ids)[:MOST]) if ids else []
    if named and len(found) < MOST:
        # By the index of its workflow: by id, all of the workspace would be walked for one that seldom runs.
        of_best = rows.filter(workflow_id=named[0].id).order_by("-created_at")
        found += list(of_best[: MOST - len(found)])
    return found


def _with_id(workspace_id: UUID, letters: str) -> list[UUID]:
    mine = Execution.objects.filter(workspace_id=workspace_id)
    lowest, highest = UUID(letters.ljust(32, "0")), UUID(letters.ljust(32, "f"))
    found = list(mine.filter(id__gte=lowest, id__lte=highest).order_by("-id").values_list("id", flat=True)[:MOST])
    if len(letters) <= TAIL and len(found) < MOST:
        with replica.cursor() as cursor:
            # By hand: the letters are compared in the newest only, which come from the index alone.
            cursor.execute(
                "SELECT id FROM (SELECT id FROM executions_execution WHERE workspace_id = %s ORDER BY id DESC LIMIT %s)"
                " AS newest WHERE right(id::text, %s) = %s ORDER BY id DESC LIMIT %s",
                [workspace_id, LATEST, len(letters), letters, MOST - len(found)],
            )
            found += [row[0] for row in cursor.fetchall()]
    return found


def _fitting(rows: QuerySet[Workflow], q: str) -> QuerySet[Workflow]:
    better = Case(
        When(name__istartswith=q, then=Value(0)),
        When(name__icontains=q, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.filter(name__iregex=_in_order(q)).annotate(how_well=better).order_by("how_well", "-updated_at")


def _in_order(q: str) -> str:
    """The letters in their order, with anything between them."""
    return ".*".join(re.escape(letter) for letter in q if not letter.isspace())
