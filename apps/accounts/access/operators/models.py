"""What the tables of the operators' side have in common: they are looked at, and changed by actions only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from apps.accounts.access.operators.actor import chosen_workspace
from apps.core.errors import DomainError
from apps.core.paging import Bounded

MOST_AT_ONCE = 100


class OperatorAdmin(ModelAdmin):  # type: ignore[misc]
    """A table that belongs to no workspace. Nothing is added, typed over or deleted here.

    Lists count to 10,000 and no further, and show 50 rows by their index; `found_by` names the fields that the search
    compares as they are.
    """

    list_per_page = 50
    sortable_by = ()  # by another column than the index's, a page would read them all
    list_max_show_all = 50
    show_full_result_count = False
    paginator = Bounded
    ordering = ("-id",)
    list_disable_select_all = True
    show_facets = admin.ShowFacets.NEVER
    compressed_fields = True
    found_by: ClassVar[tuple[str, ...]] = ("id",)
    menu_title: ClassVar[str | Promise] = ""
    """What the menu calls it, where the model's own name would not do."""

    def has_add_permission(self, request: HttpRequest, *_more: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: actions change things, by the services that know what else must happen."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """So that there is a field to search by."""
        return self.found_by

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows with an id that was typed, or a text that begins with it: what an index can find."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        found = queryset.none()
        value = _uuid(term)
        for name in self.found_by:
            kind = "" if "__" in name else self.model._meta.get_field(name).get_internal_type()
            if kind not in ("UUIDField", "ForeignKey"):
                found |= queryset.filter(**{f"{name}__startswith": term})
            elif value is not None:
                found |= queryset.filter(**{name: value})
        return found, False


class TenantAdmin(OperatorAdmin):
    """A table behind the wall between workspaces: shown for the workspace the operator has chosen, and inside
    `tenant()`, like everything else. Without one chosen the site leads to where it is.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the chosen workspace."""
        found = chosen_workspace(request)
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(workspace_id=found.id) if found else rows.none()


class OneOf(admin.SimpleListFilter):
    """A filter by one of a few known values: no look through the table for what there is."""

    values: ClassVar[Iterable[str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [(value, value.replace("_", " ").capitalize()) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with the chosen value."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


def one_by_one(
    model_admin: OperatorAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    act: Callable[[Any], object],
    *,
    done: str,
) -> None:
    """Do something to each chosen row, the refusals said by name and the others counted. `done` is for the record."""
    count = 0
    for row in rows[:MOST_AT_ONCE]:
        try:
            act(row)
        except DomainError as error:
            model_admin.message_user(request, f"{row}: {error.message} {error.hint}".strip(), messages.ERROR)
            continue
        count += 1
        _note(model_admin, request, row, done)
    if count:
        words = ngettext("%(count)d row: %(done)s.", "%(count)d rows: %(done)s.", count)
        model_admin.message_user(request, words % {"count": count, "done": _(done)}, messages.SUCCESS)


def _note(model_admin: OperatorAdmin, request: HttpRequest, row: Model, done: str) -> None:
    model_admin.log_change(request, row, done)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
