"""The page and the API on which an object is shared: each owning app says which object, the rest is here."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from apps.accounts import selectors, services
from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import LEVELS, Kind
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Role
from apps.accounts.models import Membership
from apps.core.api.serializers import Strict
from apps.core.errors import DomainError

WORDS: dict[Kind, dict[str, str | Promise]] = {
    Kind.WORKFLOW: {
        "none": gettext_lazy("may not see it"),
        "view": gettext_lazy("may look"),
        "execute": gettext_lazy("may look and run it"),
        "edit": gettext_lazy("may look, run and change it"),
    },
    Kind.CREDENTIAL: {
        "none": gettext_lazy("may not see it"),
        "use": gettext_lazy("may use it"),
        "manage": gettext_lazy("may use and change it"),
    },
}


@dataclass(frozen=True, slots=True)
class Sharing:
    """How far everybody goes with an object: all `others`, and each of `people` by user id."""

    others: str
    people: dict[UUID, str]

    @property
    def is_restricted(self) -> bool:
        """Whether anybody has less than their role allows."""
        return bool(self.people) or self.others not in ("edit", "manage")


def sharing_of(workspace_id: UUID, kind: Kind, object_id: UUID) -> Sharing:
    """How an object is shared. Must run inside `tenant()`."""
    rows: dict[UUID | None, str] = dict(
        selectors.object_grants(workspace_id, [object_id]).values_list("user_id", "level")
    )
    others = rows.pop(None, LEVELS[kind][-1])
    return Sharing(others, {user: level for user, level in rows.items() if user is not None})


class SharingPage(WorkspacePage):
    """Who may do what with one object. A subclass finds it, and says where the page belongs."""

    kind: ClassVar[Kind]

    @abstractmethod
    def found(self, object_id: UUID) -> Any:
        """The object, which has an `id` and a `name`. Raises what `NotFound` is made of."""

    @abstractmethod
    def here(self, object_id: UUID) -> str:
        """The address of this page."""

    @abstractmethod
    def drawn(self, found: Any, context: dict[str, Any]) -> HttpResponse:
        """The page."""

    def get(self, request: HttpRequest, **ids: UUID) -> HttpResponse:
        """The form, or for who may not share it how it is shared."""
        (object_id,) = ids.values()
        found = self.found(object_id)
        sharing = sharing_of(self.workspace.id, self.kind, object_id)
        words = [(level, WORDS[self.kind][level]) for level in LEVELS[self.kind]]
        may_share = (self.post_permission is None or self.actor.can(self.post_permission)) and objects.may(
            workspace_id=self.workspace.id,
            actor=self.actor,
            kind=self.kind,
            object_id=object_id,
            level=LEVELS[self.kind][-1],
        )
        rows = [(member, self._level(member, sharing)) for member in selectors.members(self.workspace.id)[:500]]
        context = {
            "sharing": sharing,
            "levels": words,
            "whole": LEVELS[self.kind][-1],
            "people": rows,
            "may_share": may_share,
            "here": self.here(object_id),
        }
        return self.drawn(found, context)

    def post(self, request: HttpRequest, **ids: UUID) -> HttpResponse:
        """Keep it. A person left at “as everybody else” has no line of their own."""
        (object_id,) = ids.values()
        found = self.found(object_id)
        people = {
            member.user_id: level
            for member in selectors.members(self.workspace.id)
            if (level := request.POST.get(f"level:{member.user_id}", ""))
        }
        try:
            services.object_share(
                workspace_id=self.workspace.id,
                kind=self.kind,
                object_id=object_id,
                name=found.name,
                others=request.POST.get("others", ""),
                people=people,
                actor=self.actor,
            )
        except DomainError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
        else:
            messages.success(request, _("Saved."))
        return HttpResponseRedirect(self.here(object_id))

    def _level(self, member: Membership, sharing: Sharing) -> str:
        if member.role in (Role.OWNER, Role.ADMIN):
            return LEVELS[self.kind][-1]
        return sharing.people.get(member.user_id, "")


class SharingForm(serializers.Serializer[Any]):
    """How far everybody goes with an object: all others, and people by the id of their user."""

    others = serializers.CharField(max_length=10)
    people = serializers.DictField(child=serializers.CharField(max_length=10), required=False, default=dict)


class SharingIn(SharingForm, Strict):
    """How it shall be shared. The highest level for all others, and nobody named, lifts the restriction."""


def shared(*, workspace_id: UUID, kind: Kind, found: Any, actor: Actor, data: Any) -> dict[str, Any]:
    """Share an object as a request to the API says, and give how it is shared then. Raises what `object_share` does."""
    form = SharingIn(data=data)
    form.is_valid(raise_exception=True)
    people = {_uuid(user_id): level for user_id, level in form.validated_data["people"].items()}
    services.object_share(
        workspace_id=workspace_id,
        kind=kind,
        object_id=found.id,
        name=found.name,
        others=form.validated_data["others"],
        people=people,
        actor=actor,
    )
    return as_document(workspace_id, kind, found.id)


def as_document(workspace_id: UUID, kind: Kind, object_id: UUID) -> dict[str, Any]:
    """How an object is shared, as the API says it. Must run inside `tenant()`."""
    sharing = sharing_of(workspace_id, kind, object_id)
    return {"others": sharing.others, "people": {str(user): level for user, level in sharing.people.items()}}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = "People are named by the id of their user, as in `members`."
        raise serializers.ValidationError({"people": [message]}) from None
