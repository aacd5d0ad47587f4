"""What the operators of an installation do to accounts."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.models import User
from apps.accounts.services.audit import audit_record
from apps.core.errors import Conflict
from apps.core.tenancy import tenant


class OwnAccount(Conflict):
    """You cannot switch off the account you are using."""

    code = "accounts.own_account"


def user_switch(*, user: User, is_active: bool, actor: Actor, by: UUID | None) -> User:
    """Switch an account off, or on again: off, nobody gets in with it, and its keys and sessions are refused at once.

    On record in every workspace the person belongs to. Raises `OwnAccount` when operators would lock themselves out.
    """
    if user.pk == by and not is_active:
        raise OwnAccount(hint="Ask another operator.")
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk).exclude(is_active=is_active).update(is_active=is_active)
    if changed:
        for home in selectors.homes_of(user.pk):
            with tenant(home.workspace.id):
                audit_record(
                    workspace_id=home.workspace.id,
                    actor=actor,
                    action="user.switched_on" if is_active else "user.switched_off",
                    target=user.email,
                )
    user.is_active = is_active
    return user


def operator_set(*, user: User, is_operator: bool) -> User:
    """Let somebody operate this installation, or no more."""
    user.is_staff = user.is_superuser = is_operator
    user.save(update_fields=["is_staff", "is_superuser"])
    return user
