"""How a workspace sets its channels up, and tries them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.accounts.services import audit_record
from apps.core.errors import FieldError, Invalid
from apps.core.jsonclean import check
from apps.core.tenancy import tenant
from apps.hil.channels import mail, routes, webhook
from apps.hil.channels.contract import CannotDeliver
from apps.hil.channels.slack import client_of
from apps.hil.models import ChannelKind, ChannelSetup
from apps.integrations import selectors as integrations
from apps.integrations.models import Credential
from apps.integrations.services import require_use
from apps.integrations.vendors.slack.client import SlackFailed

USES: Mapping[ChannelKind, str] = {
    ChannelKind.EMAIL: "smtp",
    ChannelKind.SLACK: "slack",
    ChannelKind.WEBHOOK: "webhook",
}
"""What a channel's credential must be good for."""
_FIELDS: Mapping[ChannelKind, frozenset[str]] = {
    ChannelKind.EMAIL: frozenset({"sender", "reply_to", "folder", "has_plus"}),
    ChannelKind.SLACK: frozenset({"channel"}),
    ChannelKind.WEBHOOK: frozenset({"url"}),
}


def channel_setups(workspace_id: UUID) -> dict[str, ChannelSetup]:
    """What the workspace has set up, by channel. Must run inside `tenant()`."""
    rows = ChannelSetup.objects.filter(workspace_id=workspace_id).select_related("credential", "mailbox")
    return {row.kind: row for row in rows}


def channel_set(
    *,
    workspace_id: UUID,
    kind: ChannelKind,
    actor: Actor,
    now: datetime,
    credential_id: UUID | None = None,
    mailbox_id: UUID | None = None,
    values: Mapping[str, Any] | None = None,
    is_on: bool = True,
) -> ChannelSetup:
    """Set a channel up, in the place of what was there. Raises `Invalid` naming the field, and what the credentials'
    own rules say of the actor. What is being sent meanwhile goes by the old settings.
    """
    actor.require(Permission.WORKSPACE_MANAGE)
    given = {name: value for name, value in (values or {}).items() if name in _FIELDS[kind] and value not in ("", None)}
    check(given, path="values")
    _CHECKS[kind](given)
    with tenant(workspace_id):
        credential = _usable(workspace_id, actor, credential_id, USES[kind], "credential_id")
        mailbox = _usable(workspace_id, actor, mailbox_id, "imap", "mailbox_id")
        if mailbox is not None and credential is None and "reply_to" not in given:
            raise _refused("reply_to", _("Say to which address replies go: the one whose mail lies in that mailbox."))
        row = ChannelSetup.objects.select_for_update().filter(workspace_id=workspace_id, kind=kind).first()
        row = row or ChannelSetup(workspace_id=workspace_id, kind=kind)
        if row.mailbox_id != (mailbox.id if mailbox else None) or row.settings.get("folder") != given.get("folder"):
            row.cursor = {}
        row.credential, row.mailbox, row.settings, row.is_on = credential, mailbox, given, is_on
        row.look_at = now if mailbox is not None else None
        row.problem, row.updated_at, row.updated_by = "", now, actor.user
        row.save()
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="channel.set",
            target=str(row),
            data={
                "kind": str(kind),
                "is_on": is_on,
                "credential_id": str(credential.id) if credential else None,
                "mailbox_id": str(mailbox.id) if mailbox else None,
                **given,
            },
        )
    return row


def channel_try(*, workspace: Workspace, kind: ChannelKind, actor: Actor, now: datetime) -> str:
    """Send a test message to whoever asks for it. Says where it went. Raises `CannotDeliver`.

    Not to be called inside a transaction.
    """
    actor.require(Permission.WORKSPACE_MANAGE)
    with tenant(workspace.id):
        setup = channel_setups(workspace.id).get(kind)
        if setup is None:
            raise CannotDeliver(_("Save the channel first."), is_final=True)
    if actor.user is None:
        raise CannotDeliver(_("Only a person can be sent a test message."), is_final=True)
    address = actor.user.email
    if kind == ChannelKind.EMAIL:
        _try_mail(workspace, setup, address)
        return _("A test mail is on its way to %(address)s.") % {"address": address}
    if kind == ChannelKind.SLACK:
        return _try_slack(workspace, setup, address)
    webhook.post(
        setup, {"type": "channel.tested", "timestamp": now.isoformat(), "data": {"workspace": workspace.slug}}, now
    )
    return (
        _("The webhook took a signed test message.") if setup.credential_id else _("The webhook took a test message.")
    )


def _try_mail(workspace: Workspace, setup: ChannelSetup, address: str) -> None:
    context = {"workspace": workspace, "address": address, "base_url": settings.BASE_URL}
    subject = _("Test message of %(workspace)s") % {"workspace": workspace.name}
    written = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string("hil/mail/test.txt", context),
        from_email=mail.sender(setup, workspace),
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    )
    written.attach_alternative(render_to_string("hil/mail/test.html", context), "text/html")
    mail.hand_over(workspace.id, setup, written, address)


def _try_slack(workspace: Workspace, setup: ChannelSetup, address: str) -> str:
    if setup.credential_id is None:
        raise CannotDeliver(_("Choose the Slack workspace first."), is_final=True)
    client = client_of(workspace.id, setup.credential_id)
    text = _("AgentFlow can ask people of %(workspace)s here.") % {"workspace": workspace.name}
    channel = str(setup.settings.get("channel") or "")
    try:
        client.post(channel or client.person_of(address).id, text)
    except SlackFailed as failed:
        raise CannotDeliver(failed.message, hint=failed.hint, is_final=not failed.is_passing) from None
    return _("A test message was written to %(where)s.") % {"where": channel or address}


# ── What is given ────────────────────────────────────────────────────────────────────────────────────────────────────


def _usable(workspace_id: UUID, actor: Actor, credential_id: UUID | None, use: str, field: str) -> Credential | None:
    """A credential of the workspace that the actor may use, of a type that fits."""
    if credential_id is None:
        return None
    found = integrations.credential(workspace_id, actor, credential_id)
    require_use(actor, found)
    if found.is_private:
        raise _refused(field, _("A private credential is its owner's alone: choose one of the workspace."))
    if found.type not in integrations.fitting(use):
        raise _refused(field, _("“%(name)s” is of another kind.") % {"name": found.name})
    return found


def _check_mail(given: dict[str, Any]) -> None:
    for field in ("sender", "reply_to"):
        if field in given:
            name, address = parseaddr(str(given[field]))
            local, at, domain = address.rpartition("@")
            if not (local and at and "." in domain) or any(each.isspace() for each in address) or len(address) > 200:
                raise _refused(field, _("Write an e-mail address, such as approvals@example.com."))
            if len(local) > 18 and field == "reply_to":
                raise _refused(field, _("The part before the @ has room for 18 characters: a key is added to it."))
            given[field] = formataddr((name, address)) if name else address
    if len(str(given.get("folder", ""))) > 100:
        raise _refused("folder", _("A folder's name has at most 100 characters."))


def _check_slack(given: dict[str, Any]) -> None:
    if "channel" in given:
        try:
            routes.parse(f"slack:{given['channel']}")
        except ValueError as wrong:
            raise _refused("channel", str(wrong)) from None


def _check_webhook(given: dict[str, Any]) -> None:
    parts = urlsplit(str(given.get("url", "")))
    if parts.scheme not in ("http", "https") or not parts.hostname or len(str(given["url"])) > 2_000:
        raise _refused("url", _("Write the address, beginning with https://."))


_CHECKS = {
    ChannelKind.EMAIL: _check_mail,
    ChannelKind.SLACK: _check_slack,
    ChannelKind.WEBHOOK: _check_webhook,
}


def _refused(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])
