"""The cast of every story: alice owns the workspace, bob is a member of it, charlie lives in another one."""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts import services
from apps.accounts.access.actor import Actor
from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Cast:
    """Three people and their two workspaces."""

    alice: User
    bob: User
    charlie: User
    workspace: Workspace
    other_workspace: Workspace

    @property
    def owner(self) -> Actor:
        """Alice, acting in her workspace."""
        return member_actor(self.alice, "owner")


def make_cast() -> Cast:
    """Write the cast into the database, under the slugs `acme` and `umbrella`."""
    alice, bob, charlie = (
        User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.capitalize())
        for name in ("alice", "bob", "charlie")
    )
    workspace = services.workspace_create(name="Acme", slug="acme", owner=alice)
    other = services.workspace_create(name="Umbrella", slug="umbrella", owner=charlie)
    services.member_add(workspace=workspace, email=bob.email, role="member", actor=member_actor(alice, "owner"))
    return Cast(alice, bob, charlie, workspace, other)
