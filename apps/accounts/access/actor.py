"""The one who acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from apps.accounts.access.permissions import Permission
from apps.core.errors import Forbidden

if TYPE_CHECKING:
    from apps.accounts.models import User, Workspace

ActorKind = Literal["user", "api_key", "system"]


class NotAllowed(Forbidden):
    """Your role or key does not allow this."""

    code = "accounts.not_allowed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something in a workspace: a member, an API key, or the product itself.

    `id` is the user's or the key's; `label` is what people read ("alice@example.com", "key Deploy"). `role` is empty
    for keys and the product. `maker_id` is, for a key, the person who made it: what the key makes counts as theirs.
    `via` is how it was known: `session`, `jwt`, `api_key`, `link`, or empty for the product.
    """

    kind: ActorKind
    id: UUID | None
    label: str
    user: User | None = None
    role: str = ""
    permissions: frozenset[Permission] = frozenset()
    maker_id: UUID | None = None
    via: str = ""

    @property
    def name(self) -> str:
        """Who it is, in one word: `user:<id>`."""
        return f"{self.kind}:{self.id}"

    @property
    def person_id(self) -> UUID | None:
        """The person: of a key, whoever made it; nobody for the product."""
        return self.user.id if self.user is not None else self.maker_id

    def can(self, permission: Permission | str) -> bool:
        """Whether this is allowed."""
        return permission in self.permissions

    def require(self, permission: Permission | str) -> None:
        """Raise `NotAllowed` (403) unless this is allowed."""
        if not self.can(permission):
            raise NotAllowed(f"{self.label} may not do this: it needs {permission}.", hint=_hint(self))


def _hint(actor: Actor) -> str:
    if actor.kind == "api_key":
        return "Use a key with that scope."
    return "Ask an owner or admin of the workspace for a role that may."


def system(label: str) -> Actor:
    """The product acting by itself: a schedule, a webhook, a command typed on the machine."""
    return Actor(kind="system", id=None, label=label, permissions=frozenset(Permission))


@dataclass(frozen=True, slots=True)
class Access:
    """What a request was found to be: someone, in a workspace."""

    workspace: Workspace
    actor: Actor
