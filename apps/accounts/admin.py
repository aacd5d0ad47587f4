"""People and what is recorded of them, and the tables of the ground floor, for operators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts import services
from apps.accounts.access.operators import OneOf, OperatorAdmin, TenantAdmin, one_by_one, operator_of
from apps.accounts.models import ApiKey, AuditEvent, Invitation, Membership, User
from apps.core import events, outbox
from apps.core.models import Event, Message, Pulse


@admin.register(User)
class UserAdmin(OperatorAdmin):
    """Everybody with an account, in whatever workspace."""

    list_display = ("email", "name", "is_active", "is_superuser", "last_login", "created_at")
    list_filter = ("is_active", "is_superuser")
    found_by = ("email", "id")
    search_help_text = _("How an address begins, or an id")
    fields = ("id", "email", "name", "is_active", "is_staff", "is_superuser", "timezone", "last_login", "created_at")
    actions = ("switch_off", "switch_on")

    @admin.action(description=_("Switch off: out at once, keys refused"))
    def switch_off(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Nobody gets in with these accounts any more."""
        self._switch(request, rows, is_active=False, done="switched off")

    @admin.action(description=_("Switch on again"))
    def switch_on(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """They get in again."""
        self._switch(request, rows, is_active=True, done="switched on")

    def _switch(self, request: HttpRequest, rows: QuerySet[Any], *, is_active: bool, done: str) -> None:
        def switch(user: User) -> None:
            services.user_switch(user=user, is_active=is_active, actor=operator_of(request), by=request.user.pk)

        one_by_one(self, request, rows, switch, done=done)


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Who is in the chosen workspace."""

    menu_title = _("Members")
    list_display = ("user", "role", "created_at")
    list_select_related = ("user",)
    found_by = ("user__email", "id")
    fields = ("id", "user", "role", "created_at")


@admin.register(Invitation)
class InvitationAdmin(TenantAdmin):
    """Who was invited to the chosen workspace."""

    menu_title = _("Invitations")
    list_display = ("email", "role", "invited_by_label", "is_mailed", "created_at", "expires_at", "accepted_at")
    found_by = ("email", "id")
    fields = (*list_display, "declined_at", "revoked_at")


@admin.register(ApiKey)
class ApiKeyAdmin(TenantAdmin):
    """The keys of the chosen workspace; only what is kept of them, which opens nothing."""

    menu_title = _("API keys")
    list_display = ("name", "prefix", "created_by", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("created_by",)
    found_by = ("prefix", "id")
    fields = ("id", *list_display, "scopes", "created_at")


@admin.register(AuditEvent)
class AuditEventAdmin(TenantAdmin):
    """What was done in the chosen workspace."""

    menu_title = _("Audit log")
    list_display = ("at", "actor_label", "action", "target", "via", "address")
    found_by = ("action", "actor_id", "id")
    search_help_text = _("How an action begins, somebody's id, or an id")
    fields = (*list_display, "actor_kind", "actor_id", "user_agent", "data", "digest")


@admin.register(LogEntry)
class OperatorLogAdmin(OperatorAdmin):
    """What operators did on these pages."""

    menu_title = _("What operators did")
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_select_related = ("user", "content_type")
    found_by = ("object_id",)
    fields = (*list_display, "object_id")


@admin.register(Pulse)
class PulseAdmin(OperatorAdmin):
    """Signs of life of what there is one of."""

    menu_title = _("Signs of life")
    list_display = ("name", "at")
    ordering = ("name",)
    found_by = ("name",)
    fields = ("name", "at", "detail")


@admin.register(Event)
class EventAdmin(TenantAdmin):
    """Domain events of the chosen workspace that are not told yet, or were given up."""

    menu_title = _("Events")
    list_display = ("name", "subject_id", "created_at", "due_at", "attempts", "short_error")
    found_by = ("name", "subject_id", "id")
    fields = ("id", "name", "subject_id", "created_at", "due_at", "attempts", "told", "error")
    actions = ("tell_again",)

    @admin.display(description=_("Error"))
    def short_error(self, row: Event) -> str:
        """Its beginning."""
        return row.error[:120]

    @admin.action(description=_("Tell again"))
    def tell_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Those who have not been told yet are, now."""

        def tell(row: Event) -> None:
            events.event_tell_again(workspace_id=row.workspace_id, event_id=row.id)

        one_by_one(self, request, rows, tell, done="told again")


class _MessageState(OneOf):
    title = _("state")
    parameter_name = "state"
    values = ("pending", "delivered", "dead")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """As `Message.state` says it."""
        chosen = {
            "pending": {"due_at__isnull": False},
            "delivered": {"delivered_at__isnull": False},
            "dead": {"due_at__isnull": True, "delivered_at__isnull": True},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


@admin.register(Message)
class MessageAdmin(TenantAdmin):
    """The outbox of the chosen workspace: what is sent outward, and every try."""

    menu_title = _("Outbox")
    list_display = ("channel", "target", "state", "created_at", "due_at", "delivered_at", "attempts")
    list_filter = (_MessageState,)
    found_by = ("subject_id", "id")
    fields = (
        *("id", "channel", "target", "subject_id", "state", "created_at", "put_at", "due_at", "delivered_at"),
        *("attempts", "tries"),
    )
    readonly_fields = ("state",)
    actions = ("send_again",)

    @admin.action(description=_("Send again"))
    def send_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Under the same id, with the whole schedule before it."""

        def send(row: Message) -> None:
            outbox.message_send_again(workspace_id=row.workspace_id, message_id=row.id, subject_id=row.subject_id)

        one_by_one(self, request, rows, send, done="on its way again")
