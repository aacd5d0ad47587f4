"""Links that let somebody answer without signing in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.accounts.services import audit_record, token_hash
from apps.core import jsonclean
from apps.core.errors import FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.hil import selectors
from apps.hil.errors import (
    LinkExpired,
    LinkTooWeak,
    LinkUnknown,
    NoLinkForAsked,
    NoLinkForReviews,
    NoLinkForSeveral,
    SelfApproval,
)
from apps.hil.models import Ask, Assurance, InteractionLink
from apps.hil.services.answering import refusal
from apps.hil.services.recording import entry_add

LINK_LIFETIME = timedelta(days=7)
LONGEST_RECIPIENT = 200


@dataclass(frozen=True, slots=True)
class CreatedLink:
    """A new link with its token, which is shown once and kept nowhere."""

    link: InteractionLink
    token: str

    @property
    def path(self) -> str:
        """The address behind the product's own."""
        return f"/i/{self.token}/"


def interaction_link_create(
    *,
    workspace_id: UUID,
    interaction_id: UUID,
    recipient: str,
    actor: Actor,
    now: datetime,
    ask: Ask | None = None,
) -> CreatedLink:
    """A link that lets `recipient` answer one question, once, without signing in.

    With `ask` it is theirs who is asked, and what is answered by it counts as theirs. It works until the question's
    deadline (seven days when it has none), and never after the question was decided.
    Raises what `refusal` gives, `NoLinkForReviews`, `NoLinkForAsked`, `NoLinkForSeveral`, `SelfApproval`,
    `LinkTooWeak`, `Invalid` without a recipient.
    """
    recipient = " ".join(recipient.split())
    if not 1 <= len(recipient) <= LONGEST_RECIPIENT:
        message = f"Say who the link is for, in 1 to {LONGEST_RECIPIENT} characters: it stands in the record."
        raise Invalid(message, errors=[FieldError("recipient", message)])
    jsonclean.check(recipient, path="recipient")
    with tenant(workspace_id):
        found = selectors.interaction_get(workspace_id=workspace_id, interaction_id=interaction_id)
        closed = refusal(found, now)
        if closed is not None:
            raise closed
        if found.is_review:
            raise NoLinkForReviews
        if found.has_asks and ask is None:
            raise NoLinkForAsked
        if found.policy is not None and ask is None:
            raise NoLinkForSeveral
        if ask is None and found.barred_user_id is not None and found.barred_user_id == actor.person_id:
            raise SelfApproval
        if found.assurance > (Assurance.LINK if ask is None else Assurance.RECIPIENT):
            raise LinkTooWeak
        token = secrets.token_urlsafe(32)
        link = InteractionLink.objects.create(
            id=uuid7(),
            workspace_id=workspace_id,
            interaction=found,
            ask=ask,
            recipient=recipient,
            hash=token_hash(token),
            created_by=actor.user,
            created_at=now,
            expires_at=found.deadline_at or now + LINK_LIFETIME,
        )
        if ask is None:  # those of a channel are part of its message
            audit_record(
                workspace_id=workspace_id,
                actor=actor,
                action="interaction.link_created",
                target=found.title,
                data={"interaction_id": str(found.id), "link_id": str(link.id), "recipient": recipient},
            )
            entry_add(interaction=found, kind="link.made", icon="link", text=f"Link for {recipient} made", at=now)
    return CreatedLink(link, token)


def link_find(*, token: str, now: datetime) -> InteractionLink:
    """The link with this token. Says nothing about the state of its question.

    Opens no tenant block that outlives the call. Raises `LinkUnknown` (404) or `LinkExpired` (410).
    """
    found = selectors.link_by_hash(token_hash(token))
    if found is None:
        raise LinkUnknown
    with tenant(found.workspace_id):
        link = selectors.link_get(workspace_id=found.workspace_id, link_id=found.link_id)
    if link is None or link.workspace.closed_at is not None:
        raise LinkUnknown
    if link.expires_at <= now:
        raise LinkExpired
    return link
