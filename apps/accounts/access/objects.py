"""Who may do what with one workflow or one credential, where that is less than their role allows.

By default an object is for everybody, each as far as their role goes. Whoever may change it can restrict it: then each
chosen member, and everybody else, has a level on it. A level never adds to a role. Owners and admins are not
restricted, nor is the product itself; a key may what its maker may.

Level `none` means the object is hidden: `unseen` takes it, and what belongs to it (its versions, executions, questions
and schedules), out of all that is read in a request, so that lists, counts, searches and addresses know nothing of it.
What runs by itself goes on: a webhook or a schedule starts a hidden workflow as before. A workflow that calls another,
or hears of its ends, may what the one may who published it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Role
from apps.accounts.errors import ObjectRestricted
from apps.core.tenancy import hiding, tenant

NONE = "none"
_UNRESTRICTED = (Role.OWNER, Role.ADMIN)
_asked: ContextVar[dict[tuple[UUID, UUID], Mapping[UUID, str]] | None] = ContextVar("asked", default=None)


class Kind(StrEnum):
    """What can be restricted."""

    WORKFLOW = "workflow"
    CREDENTIAL = "credential"


LEVELS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.WORKFLOW: (NONE, "view", "execute", "edit"),
        Kind.CREDENTIAL: (NONE, "use", "manage"),
    }
)
"""The levels of each kind; each allows all that those before it allow."""


def level_of(*, workspace_id: UUID, actor: Actor, kind: Kind, object_id: UUID) -> str:
    """How far the actor may go with an object, apart from what their role allows."""
    return _levels(workspace_id, actor, object_id).get(object_id, LEVELS[kind][-1])


def may(*, workspace_id: UUID, actor: Actor, kind: Kind, object_id: UUID, level: str) -> bool:
    """Whether the actor may go so far with an object, apart from what their role allows."""
    order = LEVELS[kind]
    has = level_of(workspace_id=workspace_id, actor=actor, kind=kind, object_id=object_id)
    return has in order and order.index(has) >= order.index(level)


def person_may(*, workspace_id: UUID, person: UUID | None, kind: Kind, object_id: UUID, level: str) -> bool:
    """As `may`, for somebody who asks nothing now: whoever published what runs by itself. None is the product.

    Somebody who has left may what all others may.
    """
    actor = Actor(kind="user", id=person, label="")
    return may(workspace_id=workspace_id, actor=actor, kind=kind, object_id=object_id, level=level)


def require(*, workspace_id: UUID, actor: Actor, kind: Kind, object_id: UUID, level: str, name: str) -> None:
    """Raise `ObjectRestricted` (403) unless the actor may go so far. `name` is what people call the object."""
    if not may(workspace_id=workspace_id, actor=actor, kind=kind, object_id=object_id, level=level):
        words = {"edit": "change", "execute": "run", "manage": "change"}.get(level, level)
        raise ObjectRestricted(f"“{name}” is shared with chosen people, and {actor.label} may not {words} it.")


def beyond(*, workspace_id: UUID, actor: Actor, kind: Kind, level: str) -> set[UUID]:
    """The objects of a kind with which the actor may not go so far."""
    order = LEVELS[kind]
    found = _levels(workspace_id, actor, None)
    return {object_id for object_id, has in found.items() if has in order and order.index(has) < order.index(level)}


@contextmanager
def unseen(workspace_id: UUID, actor: Actor) -> Iterator[None]:
    """Whatever is read inside knows nothing of the objects that are hidden from this actor.

    Goes around `tenant()`. Costs a look-up for members, viewers and keys, nothing for owners and admins. What somebody
    may do with the others is asked of the database once inside.
    """
    token = _asked.set({})
    try:
        person = _person(actor)
        if person is None or actor.role in _UNRESTRICTED:
            yield
        else:
            with hiding(selectors.hidden_from(workspace_id, person)):
                yield
    finally:
        _asked.reset(token)


def _levels(workspace_id: UUID, actor: Actor, object_id: UUID | None) -> Mapping[UUID, str]:
    """The levels of the actor on what is restricted; outside of requests on the one object only."""
    person = _person(actor)
    if person is None or actor.role in _UNRESTRICTED:
        return {}
    asked = _asked.get()
    if asked is not None and (workspace_id, person) in asked:
        return asked[workspace_id, person]
    wanted = None if asked is not None or object_id is None else [object_id]
    with tenant(workspace_id):  # outside of it nothing would be found restricted
        found = dict(selectors.object_levels(workspace_id, person, wanted))
        if found and not actor.role and selectors.role_of(workspace_id, person) in _UNRESTRICTED:
            found = {}
    if asked is not None:
        asked[workspace_id, person] = found
    return found


def _person(actor: Actor) -> UUID | None:
    """Whose levels count: a key's maker's. Nobody's for the product, and for keys made on the machine."""
    return None if actor.kind == "system" else actor.id if actor.kind == "user" else actor.maker_id
