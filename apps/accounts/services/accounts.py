"""Accounts of people: made for who was invited, and taken away."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts import selectors
from apps.accounts.access.actor import Actor
from apps.accounts.errors import AccountExists, LastOwner
from apps.accounts.models import Picture, User
from apps.accounts.services.members import member_leave
from apps.core.clock import now as clock_now
from apps.core.errors import FieldError, Invalid


def account_create(*, email: str, name: str, password: str, is_proved: bool) -> User:
    """An account with a password. `is_proved`: a mail to the address has shown whose it is.

    Must run inside a transaction. Raises `AccountExists`, or `Invalid` for a password that is too weak.
    """
    user = User(email=email, name=" ".join(name.split())[:150])
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors = [FieldError(path="password", message=message) for message in error.messages]
        raise Invalid(" ".join(error.messages), errors=errors) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise AccountExists(f"There is an account for {email} already.") from None
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=is_proved)
    return user


def account_delete(*, user: User) -> None:
    """Take an account away: every membership ends, and nothing that says who it was stays outside of the records.

    Name, addresses, picture, passwords, connected providers and sessions go; the empty account stays, because what
    this person made and answered points to it. What workspaces have recorded about them stays with the workspaces.
    Raises `LastOwner`, before anything is changed, while a workspace would be left without an owner.
    """
    homes = selectors.homes_of(user.id)
    alone = [home.workspace.name for home in homes if selectors.is_last_owner(home.workspace.id, user.id)]
    if alone:
        raise LastOwner(
            f"You are the last owner of {', '.join(alone)}.",
            hint="Hand them over or delete them first, then come back.",
        )
    for home in homes:
        actor = Actor(kind="user", id=user.id, label=user.email, user=user, role=home.role)
        member_leave(workspace=home.workspace, actor=actor)
    with transaction.atomic():
        _forget_sign_in(user)
        Picture.objects.filter(user=user).delete()
        user.email = f"{user.id}@deleted.invalid"
        user.name, user.picture, user.hue, user.timezone, user.theme, user.preferences = "", "", None, "", "", {}
        user.is_active, user.is_staff, user.is_superuser = False, False, False
        user.deleted_at = clock_now()
        # What sessions hold of the password's hash no longer fits: none of them lets anybody in.
        user.set_unusable_password()
        user.save()


def _forget_sign_in(user: User) -> None:
    from django.apps import apps

    # The packages' own tables that point to a person: addresses, providers, second factors, sessions.
    for model in apps.get_models():
        if not model.__module__.startswith("allauth."):
            continue
        for field in model._meta.concrete_fields:
            if field.related_model is User:
                model._default_manager.filter(**{field.name: user}).delete()
