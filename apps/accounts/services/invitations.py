"""Invitations: asking people in, and their answers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Role
from apps.accounts.errors import InvitationGone, InvitationsMany, InvitationTooSoon, InvitationUnknown
from apps.accounts.mail import mail_send
from apps.accounts.models import Invitation, Membership, User, Workspace
from apps.accounts.services.accounts import account_create
from apps.accounts.services.audit import audit_record
from apps.accounts.services.given import address_of, role_of, token_hash
from apps.accounts.services.members import may_give
from apps.accounts.services.notices import Telling, notice_put
from apps.core.clock import now as clock_now
from apps.core.errors import FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.models import Message
from apps.core.outbox import message_put
from apps.core.subscriptions import Sent
from apps.core.tenancy import tenant

LIFETIME = timedelta(days=7)
RESEND_AFTER = timedelta(minutes=1)
MOST_AT_ONCE = 50
MOST_OPEN = 500
LONGEST_MESSAGE = 500
CHANNEL = "invitation"


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of one address.

    `invitation` is None for somebody who is a member already. `token` is there once, and only where no mail is sent:
    then whoever invites hands the link over.
    """

    email: str
    invitation: Invitation | None
    token: str | None


def invitations_create(
    *, workspace: Workspace, emails: Sequence[str], role: str, actor: Actor, message: str = ""
) -> list[Invited]:
    """Ask people in. All of them or, when one address is none, nobody.

    Who has an open invitation gets a new one in its place: the old link ends. Raises `RoleTooHigh`, `InvitationsMany`,
    or `Invalid` naming every address that is none.
    """
    wanted = role_of(role)
    may_give(actor, wanted)
    addresses = _addresses(emails)
    note = " ".join(message.split())
    if len(note) > LONGEST_MESSAGE:
        text = f"The message has {len(note)} characters; at most {LONGEST_MESSAGE} are accepted."
        raise Invalid(text, errors=[FieldError(path="message", message=text)])
    with tenant(workspace.id):
        # Whoever invites at the same moment waits: an address is asked once, and the count below is right.
        Workspace.objects.select_for_update().get(id=workspace.id)
        there = set(
            Membership.objects.filter(workspace=workspace, user__email__in=addresses).values_list(
                "user__email", flat=True
            )
        )
        waiting = _waiting(workspace)
        open_before = {row.email: row for row in waiting.filter(email__in=addresses)}
        fresh = [address for address in addresses if address not in there and address not in open_before]
        if waiting.count() + len(fresh) > MOST_OPEN:
            raise InvitationsMany(f"A workspace has at most {MOST_OPEN} open invitations.")
        found = []
        for address in addresses:
            if address in there:
                found.append(Invited(address, None, None))
                continue
            row = open_before.get(address)
            if row is not None:
                may_give(actor, Role(row.role))
            row = row or Invitation(
                id=uuid7(), workspace=workspace, email=address, generation=0, created_at=clock_now()
            )
            row.role, row.message = wanted.value, note
            found.append(_send(row, actor, "invitation.created"))
    return found


def invitation_resend(*, workspace: Workspace, invitation: Invitation, actor: Actor) -> Invited:
    """Send an invitation once more, good for another week; the link sent before ends.

    Raises `InvitationGone` when it was answered or withdrawn, `InvitationTooSoon` within a minute, `RoleTooHigh`.
    """
    with tenant(workspace.id):
        row = _locked(workspace.id, invitation.id)
        if row.state(clock_now()) not in ("open", "expired"):
            raise InvitationGone(f"The invitation of {row.email} was {row.state(clock_now())}.", hint="Invite anew.")
        may_give(actor, Role(row.role))
        if clock_now() - row.sent_at < RESEND_AFTER:
            raise InvitationTooSoon
        return _send(row, actor, "invitation.sent_again")


def invitation_revoke(*, workspace: Workspace, invitation: Invitation, actor: Actor) -> Invitation:
    """Withdraw an invitation: its link ends at once. One that was answered stays as it is."""
    with tenant(workspace.id):
        row = _locked(workspace.id, invitation.id)
        may_give(actor, Role(row.role))
        if row.state(clock_now()) in ("open", "expired"):
            row.revoked_at = clock_now()
            row.save(update_fields=["revoked_at"])
            audit_record(workspace_id=workspace.id, actor=actor, action="invitation.revoked", target=row.email)
    return row


def invitation_find(*, token: str) -> Invitation:
    """The open invitation of a link, with its workspace and who sent it. Raises `InvitationGone`."""
    hash_ = token_hash(token)
    workspace_id = selectors.invitation_workspace(hash_)
    if workspace_id is None:
        raise InvitationGone
    with tenant(workspace_id):
        rows = Invitation.objects.select_related("workspace", "invited_by")
        return _open(rows.filter(workspace_id=workspace_id, hash=hash_).first())


def invitation_accept(*, token: str, user: User) -> Membership:
    """Make the person signed in a member. Of several who use one link at once, one becomes a member.

    Whether an invitation of another address is meant for them was asked before: both addresses are recorded. Somebody
    who is a member already stays what they are; the link is spent all the same. Raises `InvitationGone`.
    """
    workspace_id = selectors.invitation_workspace(token_hash(token))
    if workspace_id is None:
        raise InvitationGone
    with tenant(workspace_id):
        row = _claimed(workspace_id, token)
        return _join(row, user)


def invitation_accept_new(*, token: str, name: str, password: str) -> Membership:
    """Make an account for the address of an invitation, with the password its owner chose, and accept with it.

    Registration may be closed: the invitation opens the door. Raises `InvitationGone`, `AccountExists` (sign in as
    yourself: a link never opens an account), or `Invalid` for a password that is too weak.
    """
    workspace_id = selectors.invitation_workspace(token_hash(token))
    if workspace_id is None:
        raise InvitationGone
    with tenant(workspace_id):
        row = _claimed(workspace_id, token)
        # Its link went to the mailbox only where it was mailed; elsewhere nothing proves whose the address is.
        user = account_create(email=row.email, name=name, password=password, is_proved=row.is_mailed)
        return _join(row, user)


def invitation_decline(*, token: str) -> Invitation:
    """Say no. Whoever holds the link may: it was theirs to use. Raises `InvitationGone`."""
    workspace_id = selectors.invitation_workspace(token_hash(token))
    if workspace_id is None:
        raise InvitationGone
    with tenant(workspace_id):
        row = _claimed(workspace_id, token)
        row.declined_at = clock_now()
        row.save(update_fields=["declined_at"])
        who = Actor(kind="system", id=None, label=row.email)
        audit_record(workspace_id=workspace_id, actor=who, action="invitation.declined", target=row.email)
    return row


def invitation_mail(message: Message) -> Sent:
    """Send the mail of an invitation (the outbox calls it). One that was answered, withdrawn or sent anew is left."""
    with tenant(message.workspace_id):
        rows = Invitation.objects.select_related("workspace").filter(workspace_id=message.workspace_id)
        row = rows.filter(id=message.subject_id).first()
    if row is None or row.state(clock_now()) != "open" or row.generation != message.data["generation"]:
        return Sent(False, error="It was answered, withdrawn or sent anew meanwhile.", is_refused=True)
    token = token_of(row)
    if token_hash(token) != row.hash:
        return Sent(False, error="SECRET_KEY has changed since: send the invitation again.", is_refused=True)
    return mail_send(
        to=row.email,
        subject=gettext("%(who)s invites you to %(workspace)s")
        % {"who": row.invited_by_label, "workspace": row.workspace.name},
        template="accounts/mail/invitation",
        context={"invitation": row, "url": f"{settings.BASE_URL}/join/{token}/"},
    )


def token_of(invitation: Invitation) -> str:
    """The token of an invitation's link, for who writes the mail. It follows from the secret key and stands nowhere."""
    value = f"{invitation.id}:{invitation.generation}"
    digest = salted_hmac("apps.accounts.invitation", value, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _send(row: Invitation, actor: Actor, action: str) -> Invited:
    at = clock_now()
    row.generation += 1
    row.invited_by_id = actor.user.id if actor.user else actor.maker_id
    row.invited_by_label = (actor.user.label if actor.user else actor.label)[:300]
    row.sent_at, row.expires_at, row.is_mailed = at, at + LIFETIME, settings.HAS_MAIL
    token = token_of(row)
    row.hash = token_hash(token)
    row.save()
    if row.is_mailed:
        message_put(
            workspace_id=row.workspace_id,
            channel=CHANNEL,
            subject_id=row.id,
            target=row.email,
            now=at,
            data={"generation": row.generation},
        )
    audit_record(workspace_id=row.workspace_id, actor=actor, action=action, target=row.email, data={"role": row.role})
    return Invited(row.email, row, None if row.is_mailed else token)


def _join(row: Invitation, user: User) -> Membership:
    membership, is_new = Membership.objects.get_or_create(
        workspace_id=row.workspace_id, user=user, defaults={"role": row.role, "invited_by_id": row.invited_by_id}
    )
    row.accepted_at, row.accepted_by = clock_now(), user
    row.save(update_fields=["accepted_at", "accepted_by"])
    actor = Actor(kind="user", id=user.id, label=user.email, user=user, role=membership.role)
    data = {"role": membership.role, "invited_by": row.invited_by_label}
    if user.email != row.email:
        data["invited_as"] = row.email
    audit_record(workspace_id=row.workspace_id, actor=actor, action="invitation.accepted", target=user.email, data=data)
    if is_new:
        notice_put(
            workspace_id=row.workspace_id,
            telling=Telling(
                kind="invitation.accepted",
                key=str(row.id),
                title=gettext("%(who)s has joined %(workspace)s")
                % {"who": user.label, "workspace": row.workspace.name},
                url=f"/w/{row.workspace.slug}/settings/members/",
                tone="success",
            ),
            now=clock_now(),
            to=[row.invited_by_id],
        )
    return membership


def _claimed(workspace_id: UUID, token: str) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("workspace")
    return _open(rows.filter(workspace_id=workspace_id, hash=token_hash(token)).first())


def _open(row: Invitation | None) -> Invitation:
    state = row.state(clock_now()) if row else "unknown"
    if row is None or state != "open":
        raise InvitationGone(_GONE.get(state))
    return row


_GONE = {
    "accepted": "This invitation has been accepted already.",
    "declined": "This invitation was declined.",
    "revoked": "This invitation was withdrawn.",
    "expired": "This invitation has expired.",
}


def _locked(workspace_id: UUID, invitation_id: UUID) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("workspace")
    found = rows.filter(workspace_id=workspace_id, id=invitation_id).first()
    if found is None:
        raise InvitationUnknown
    return found


def _waiting(workspace: Workspace) -> QuerySet[Invitation]:
    return Invitation.objects.filter(workspace=workspace, accepted_at=None, declined_at=None, revoked_at=None)


def _addresses(emails: Sequence[str]) -> list[str]:
    found, wrong = [], []
    for at, given in enumerate(emails):
        try:
            found.append(address_of(given))
        except Invalid as error:
            wrong.append(FieldError(path=f"emails[{at}]", message=error.message))
    if wrong:
        raise Invalid(" ".join(each.message for each in wrong[:5]), errors=wrong)
    unique = list(dict.fromkeys(found))
    if not unique:
        message = "Name at least one e-mail address."
        raise Invalid(message, errors=[FieldError(path="emails", message=message)])
    if len(unique) > MOST_AT_ONCE:
        message = f"These are {len(unique)} addresses; at most {MOST_AT_ONCE} are invited at once."
        raise Invalid(message, errors=[FieldError(path="emails", message=message)])
    return unique
