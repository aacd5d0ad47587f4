"""What people say of themselves."""

from __future__ import annotations

from apps.accounts.models import User


def profile_update(*, user: User, name: str) -> User:
    """Change the name other members read. May be empty: then they read the address."""
    user.name = " ".join(name.split())[:150]
    user.save(update_fields=["name"])
    return user
