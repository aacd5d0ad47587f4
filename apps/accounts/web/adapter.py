"""How django-allauth does things here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from apps.accounts import selectors, services
from apps.accounts.models import User
from apps.core.errors import Unavailable


class NoMail(Unavailable):
    """This installation has no mail server, so it cannot send you a link."""

    code = "accounts.no_mail"
    default_hint = "Ask an owner; on the machine itself `manage.py sign_in_link` prints one. Operators: set EMAIL_URL."


def is_registration_open() -> bool:
    """Whether strangers may sign up: as AGENTFLOW_OPEN_REGISTRATION says, else until the first person has."""
    if settings.OPEN_REGISTRATION is not None:
        return bool(settings.OPEN_REGISTRATION)
    return not selectors.has_anyone_signed_up(has_demo=settings.DEMO_ENABLED)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """E-mail and password. Whoever signs up owns a new workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether the sign-up page takes anybody."""
        return is_registration_open()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Keep the new person, and give them a workspace of their own."""
        user.name = form.cleaned_data.get("name", "").strip()[:150]
        user = super().save_user(request, user, form, commit)
        if commit:
            services.workspace_create(name=first_workspace_name(user), owner=user)
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, or say that nothing can be sent. Raises `NoMail`."""
        if not settings.HAS_MAIL:
            raise NoMail
        super().send_mail(template_prefix, email, context)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Google, GitHub and Microsoft, when their client ids are set."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """The same rule as for passwords."""
        return is_registration_open()

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Take over the name the provider knows."""
        user: User = super().populate_user(request, sociallogin, data)
        user.name = (data.get("name") or f"{data.get('first_name') or ''} {data.get('last_name') or ''}").strip()[:150]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Keep the new person, and give them a workspace of their own."""
        user: User = super().save_user(request, sociallogin, form)
        services.workspace_create(name=first_workspace_name(user), owner=user)
        return user


def first_workspace_name(user: User) -> str:
    """What the workspace of somebody who just signed up is called."""
    return f"{user.label.partition('@')[0]}'s workspace"[:100]
