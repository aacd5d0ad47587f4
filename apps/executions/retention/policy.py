"""How long a workspace keeps executions that have ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.accounts.access.actor import Actor
from apps.core.errors import FieldError, Invalid
from apps.executions.engine.states import Status
from apps.executions.models import Retention

LONGEST_DAYS = 3_650
KINDS = {"succeeded": _("Succeeded"), "failed": _("Failed or cancelled"), "tested": _("Test runs")}
"""What is told apart: test runs however they ended, and of the others those that succeeded and those that did not."""


class PolicyInvalid(Invalid):
    """Executions are kept for 1 to 3,650 days."""

    code = "executions.retention_invalid"


@dataclass(frozen=True, slots=True)
class Policy:
    """For how many days after its end an execution is kept, and whether it is archived before it is deleted."""

    success_days: int
    failure_days: int
    test_days: int
    is_archived: bool

    def days(self, kind: str) -> int:
        """The days of one of `KINDS`."""
        return {"succeeded": self.success_days, "failed": self.failure_days, "tested": self.test_days}[kind]

    @property
    def shortest(self) -> timedelta:
        """Nothing younger than this can be deleted."""
        return timedelta(days=min(self.success_days, self.failure_days, self.test_days))

    def is_over(self, *, status: str, mode: str, finished_at: datetime | None, now: datetime) -> bool:
        """Whether an execution may be deleted. One that has not ended never is."""
        return finished_at is not None and finished_at < now - timedelta(days=self.days(kind_of(status, mode)))


def kind_of(status: str, mode: str) -> str:
    """Which of `KINDS` an execution that has ended belongs to."""
    if mode == "test":
        return "tested"
    return "succeeded" if status == Status.SUCCESS else "failed"


def standard() -> Policy:
    """The installation's policy, for workspaces that have none of their own."""
    return Policy(
        settings.RETENTION_SUCCESS_DAYS,
        settings.RETENTION_FAILURE_DAYS,
        settings.RETENTION_TEST_DAYS,
        settings.RETENTION_ARCHIVE,
    )


def policy_of(row: Retention | None) -> Policy:
    """A workspace's policy: what its row says, and the installation's where it says nothing."""
    usual = standard()
    if row is None:
        return usual
    own = {name: getattr(row, name) for name in asdict(usual)}
    return Policy(**(asdict(usual) | {name: value for name, value in own.items() if value is not None}))


def policy_get(*, workspace_id: UUID) -> Policy:
    """A workspace's policy."""
    return policy_of(Retention.objects.filter(workspace_id=workspace_id).first())


def policy_change(*, workspace_id: UUID, actor: Actor, changes: dict[str, int | bool | None], now: datetime) -> Policy:
    """Change a workspace's policy, on record; null means the installation's value. Must run inside `tenant()`.

    It counts from the next round on, at the latest within the hour. Raises `PolicyInvalid`.
    """
    faults = [
        FieldError(name, f"Between 1 and {LONGEST_DAYS:,} days.")
        for name, value in changes.items()
        if name != "is_archived" and value is not None and not 1 <= value <= LONGEST_DAYS
    ]
    if faults:
        raise PolicyInvalid(errors=faults)
    row, _is_new = Retention.objects.select_for_update().get_or_create(workspace_id=workspace_id)
    before = policy_of(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.changed_at, row.scanned_to, row.next_round_at = now, None, None
    row.save()
    after = policy_of(row)
    accounts.audit_record(
        workspace_id=workspace_id,
        actor=actor,
        action="retention.changed",
        target="executions",
        data={"before": asdict(before), "after": asdict(after)},
    )
    return after
