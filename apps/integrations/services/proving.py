"""Asking the other side whether a credential works."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from apps.accounts.access.actor import Actor
from apps.accounts.services import audit_record
from apps.core import clock, egress
from apps.core.egress import EgressError
from apps.core.errors import DomainError
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import selectors
from apps.integrations.access import require_use
from apps.integrations.declare import Refused
from apps.integrations.models import Credential
from apps.integrations.oauth import grants
from apps.integrations.opened import Opened, SignedDoor
from apps.integrations.services.opening import kind_of, opened, secrets_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test showed. `is_verified` None: there was nobody to ask."""

    is_verified: bool | None
    message: str
    refusal: DomainError | None = None


def ask(credential: Opened, *, workspace_id: UUID | None = None) -> Verdict:
    """Call the other side with it, through the egress door. Holds no transaction: it takes as long as it takes.

    What has to be connected is asked about only with the workspace in which it is.
    """
    if credential.kind.obtained:
        try:
            if workspace_id is None:
                return Verdict(None, "It is not connected yet.")
            credential = grants.connected(workspace_id, credential)
        except EgressError as refused:
            return Verdict(False, refused.message[:500], Refused(refused.message, hint=refused.hint or None))
    if not credential.kind.has_test or not credential.kind.is_testable(credential.fields):
        return Verdict(None, "There is no address to test it with.")
    redactor = Redactor(credential.secrets())
    door = SignedDoor(egress.door(egress.Policy.of(settings.EGRESS_ALLOW)), credential, redactor)
    try:
        return Verdict(True, redactor.text(credential.kind.test(credential.fields, door))[:500])
    except (Refused, EgressError) as refused:
        message = redactor.text(refused.message)[:500]
        return Verdict(False, message, Refused(f"It does not work: {message}", hint=refused.hint or None))


def credential_test(*, workspace_id: UUID, credential_id: UUID, actor: Actor) -> Credential:
    """Ask the other side again, and keep what it said. Whoever may use it may test it.

    Raises `CredentialUnknown`, `MayNotUse`; a credential that does not work is no error: look at `is_verified`.
    """
    with tenant(workspace_id):
        row = selectors.credential(workspace_id, actor, credential_id)
        require_use(actor, row)
        found = opened(row, kind_of(row), secrets_of(row))
    verdict = ask(found, workspace_id=workspace_id)
    with tenant(workspace_id):
        row = selectors.credential(workspace_id, actor, credential_id)
        keep(row, verdict)
        row.save(update_fields=["tested_at", "is_verified", "test_message"])
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="credential.tested",
            target=row.name,
            data={"credential_id": str(row.id), "is_verified": verdict.is_verified},
        )
    return row


def keep(row: Credential, verdict: Verdict) -> None:
    """Note on the row what a test showed."""
    row.tested_at = clock.now() if verdict.is_verified is not None else None
    row.is_verified, row.test_message = verdict.is_verified is True, verdict.message
