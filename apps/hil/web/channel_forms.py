"""The forms of the channels, one per channel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import DomainError
from apps.hil.models import ChannelKind, ChannelSetup
from apps.integrations.models import Credential


class _ChannelForm(forms.Form):
    """Which credentials a channel goes by, and whether it is used at all."""

    credential_label = gettext_lazy("Credential")
    without = gettext_lazy("None")
    needs_credential = False

    def __init__(self, *args: Any, credentials: Iterable[Credential], row: ChannelSetup | None, **kwargs: Any) -> None:
        if row is not None:
            written = {"credential": row.credential_id, "is_on": row.is_on, "mailbox": row.mailbox_id, **row.settings}
            kwargs.setdefault("initial", written)
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}-%s")
        super().__init__(*args, **kwargs)
        self.row = row
        known = list(credentials)
        self.fields["credential"] = self._choice(known, self.credential_label, self.without, self.needs_credential)
        self.order_fields(["credential"])
        if row is not None:
            box = forms.CheckboxInput(attrs={"class": "checkbox"})
            self.fields["is_on"] = forms.BooleanField(label=_("In use"), required=False, widget=box)

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """All but the switch."""
        return [self[name] for name in self.fields if name != "is_on"]

    def given(self) -> dict[str, Any]:
        """What the service takes."""
        cleaned = dict(self.cleaned_data)
        chosen = {name: cleaned.pop(name, "") for name in ("credential", "mailbox")}
        return {
            "credential_id": UUID(chosen["credential"]) if chosen["credential"] else None,
            "mailbox_id": UUID(chosen["mailbox"]) if chosen["mailbox"] else None,
            "is_on": cleaned.pop("is_on", True),
            "values": cleaned,
        }

    def refuse(self, refused: DomainError) -> None:
        """Show what the service found wrong, beside the field it is about."""
        for error in refused.errors:
            name = error.path.removeprefix("values.").removesuffix("_id")
            self.add_error(name if name in self.fields else None, error.message)
        if not refused.errors:
            self.add_error(None, f"{refused.message} {refused.hint or ''}".strip())

    def _choice(self, rows: list[Credential], label: Any, without: Any, is_required: bool) -> forms.ChoiceField:
        choices = [("", without), *((str(row.id), row.name) for row in rows)]
        return forms.ChoiceField(label=label, choices=choices, required=is_required)


class MailForm(_ChannelForm):
    """E-mail: who sends, under which address, and which mailbox is read for replies."""

    credential_label = gettext_lazy("Mail server")
    without = gettext_lazy("The one of this installation")
    sender = forms.CharField(
        label=gettext_lazy("Sender"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Name and address, such as Acme approvals &lt;approvals@acme.com&gt;."),
    )
    reply_to = forms.CharField(
        label=gettext_lazy("Replies to"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("The address whose mail lies in that mailbox. Empty: the sender's."),
    )
    has_plus = forms.BooleanField(
        label=gettext_lazy("The mail server takes name+anything@ for name@"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "checkbox"}),
        help_text=gettext_lazy("Most do. Otherwise replies are told apart by what mail programs say they answer."),
    )
    folder = forms.CharField(
        label=gettext_lazy("Folder"), required=False, max_length=100, help_text=gettext_lazy("Empty: INBOX.")
    )

    def __init__(self, *args: Any, mailboxes: Iterable[Credential], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mailbox"] = self._choice(
            list(mailboxes), _("Mailbox for replies"), _("None: replies are not read"), False
        )
        self.order_fields(["credential", "sender", "mailbox", "reply_to", "has_plus", "folder"])


class SlackForm(_ChannelForm):
    """Slack: which workspace of it, and where questions to everybody go."""

    credential_label = gettext_lazy("Slack workspace")
    without = gettext_lazy("Not connected")
    needs_credential = True
    channel = forms.CharField(
        label=gettext_lazy("Usual channel"),
        required=False,
        max_length=82,
        help_text=gettext_lazy(
            "Where questions go that are put to everybody, such as #approvals. Empty: to each person."
        ),
    )


class WebhookForm(_ChannelForm):
    """Webhook: where, and what it is signed with."""

    credential_label = gettext_lazy("Signed with")
    without = gettext_lazy("Not signed")
    url = forms.CharField(label=gettext_lazy("Address"), max_length=2_000, widget=forms.URLInput())


FORMS: dict[ChannelKind, type[_ChannelForm]] = {
    ChannelKind.EMAIL: MailForm,
    ChannelKind.SLACK: SlackForm,
    ChannelKind.WEBHOOK: WebhookForm,
}
ChannelForm = _ChannelForm
