"""The page on which a workspace sets up how people are reached: e-mail, Slack, webhook."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core import clock
from apps.core.errors import DomainError
from apps.hil.channels.configuring import USES, channel_set, channel_setups, channel_try
from apps.hil.models import ChannelKind, ChannelSetup
from apps.hil.web.channel_forms import FORMS, ChannelForm
from apps.integrations import selectors as integrations
from apps.integrations.vendors.slack.client import manifest

_ICONS = {ChannelKind.EMAIL: "mail", ChannelKind.SLACK: "message-square", ChannelKind.WEBHOOK: "webhook"}
_TYPES = {ChannelKind.EMAIL: "smtp", ChannelKind.SLACK: "slack", ChannelKind.WEBHOOK: "webhook_secret"}


class _ChannelPage(WorkspacePage):
    permission = Permission.WORKSPACE_MANAGE
    menu_under = "channels"

    def kind(self, name: str) -> ChannelKind:
        """The channel of the address, or 404."""
        try:
            return ChannelKind(name)
        except ValueError:
            raise Http404 from None

    def back(self) -> HttpResponseRedirect:
        """To the page."""
        return HttpResponseRedirect(reverse("channels", args=[self.workspace.slug]))

    def page(self, bound: ChannelForm | None = None, *, status: int = 200) -> HttpResponse:
        """All channels, one of them perhaps with what was wrong in it."""
        setups = channel_setups(self.workspace.id)
        found = []
        for kind, cls in FORMS.items():
            row = setups.get(kind)
            form = bound if isinstance(bound, cls) else self.form(kind, row)
            own = reverse("credential-new", args=[self.workspace.slug, _TYPES[kind]])
            found.append({"kind": kind, "icon": _ICONS[kind], "row": row, "form": form, "new_url": own})
        context = {
            "channels": found,
            "has_mail": settings.HAS_MAIL,
            "usual_sender": settings.DEFAULT_FROM_EMAIL,
            "manifest": manifest(settings.BASE_URL),
            "mailbox_url": reverse("credential-new", args=[self.workspace.slug, "imap"]),
        }
        return self.render("hil/channels.html", context, status=status)

    def form(self, kind: ChannelKind, row: ChannelSetup | None, data: Any = None) -> ChannelForm:
        """A channel's form, with the credentials that fit it."""
        more: dict[str, Any] = {}
        if kind == ChannelKind.EMAIL:
            more["mailboxes"] = self._credentials("imap")
        return FORMS[kind](data, credentials=self._credentials(USES[kind]), row=row, **more)

    def _credentials(self, use: str) -> list[Any]:
        found = integrations.credentials(self.workspace.id, self.actor, use=use)
        return [row for row in found if not row.is_private]


class Channels(_ChannelPage):
    """How people are reached outside the inbox."""

    menu = MenuEntry(
        Menu.CONNECTIONS,
        gettext_lazy("Channels"),
        icon="send",
        order=10,
        words=gettext_lazy("mail slack webhook questions smtp imap notifications"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.page()


class ChannelSave(_ChannelPage):
    """One channel's settings."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Save, and come back; what is wrong is shown beside its field."""
        found = self.kind(kind)
        form = self.form(found, channel_setups(self.workspace.id).get(found), request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            row = channel_set(
                workspace_id=self.workspace.id, kind=found, actor=self.actor, now=clock.now(), **form.given()
            )
        except DomainError as refused:
            form.refuse(refused)
            return self.page(form, status=422)
        messages.success(request, _("%(channel)s is set up.") % {"channel": row})
        return self.back()


class ChannelTest(_ChannelPage):
    """A test message to whoever asks for it."""

    http_method_names = ["post"]
    manages_transaction = True

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Send it, and say where it went or why it did not."""
        try:
            said = channel_try(workspace=self.workspace, kind=self.kind(kind), actor=self.actor, now=clock.now())
            messages.success(request, said)
        except DomainError as refused:
            messages.error(request, f"{refused.message} {refused.hint or ''}".strip())
        return self.back()
