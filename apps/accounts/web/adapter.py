"""How django-allauth does things here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts import selectors, services
from apps.accounts.errors import InvitationGone
from apps.accounts.models import User
from apps.accounts.web.factors import can_hold_passkeys
from apps.core import egress, origin
from apps.core.egress.sessions import session as door_session
from apps.core.errors import Unavailable

_JOIN = re.compile(r"/join/([^/]+)/")
CHANGES = {
    "mfa/email/totp_activated": ("factor.added", {"kind": "authenticator app"}),
    "mfa/email/totp_deactivated": ("factor.removed", {"kind": "authenticator app"}),
    "mfa/email/webauthn_added": ("factor.added", {"kind": "passkey"}),
    "mfa/email/webauthn_removed": ("factor.removed", {"kind": "passkey"}),
    "mfa/email/recovery_codes_generated": ("recovery_codes.renewed", {}),
    "account/email/password_changed": ("password.changed", {}),
    "account/email/password_reset": ("password.changed", {"by": "mail"}),
    "account/email/password_set": ("password.changed", {}),
    "account/email/email_changed": ("address.changed", {}),
    "account/email/email_confirm": ("address.confirmed", {}),
    "account/email/email_deleted": ("address.removed", {}),
    "socialaccount/email/account_connected": ("sign_in.connected", {}),
    "socialaccount/email/account_disconnected": ("sign_in.disconnected", {}),
}
"""What the package tells people by mail about their account, and what the audit log calls it."""


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
    """E-mail and password. Whoever signs up owns a new workspace. What happens is noted in the audit log."""

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

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the page one came from: an empty form would look as if nothing had happened."""
        return reverse("mfa_index")

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address a trusted proxy names, else the connection's: the package counts failures by it."""
        return origin.of_request(request).address

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Note who came in, and how they proved it."""
        records = get_authentication_records(request, user)
        services.session_note(user=user, action="session.started", data={"method": _method(records)})
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note a wrong password where there is such an account."""
        user = User.objects.filter(email=str(credentials.get("email", "")).lower()[:254]).first()
        if user is not None:
            services.session_note(user=user, action="session.refused", data={"reason": "password"})

    def logout(self, request: HttpRequest) -> None:
        """Note who went."""
        user: Any = getattr(request.user, "_wrapped", request.user)
        super().logout(request)
        if isinstance(user, User):
            services.session_note(user=user, action="session.ended")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """How somebody may prove once more who they are: by a passkey first, where they have one that works here."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        passkeys = [each | {"description": _("Use a passkey")} for each in found if each["id"].endswith(":webauthn")]
        others = [each for each in found if not each["id"].endswith(":webauthn")]
        return [*passkeys, *others] if can_hold_passkeys(context.request) else others

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Note what somebody changed about their own access; the mail is sent as the package's settings say."""
        if template_prefix in CHANGES:
            action, data = CHANGES[template_prefix]
            provider = (context or {}).get("provider")
            services.session_note(
                user=getattr(user, "_wrapped", user),
                action=action,
                data=data | ({"provider": str(provider.name)} if provider is not None else {}),
            )
        super().send_notification_mail(template_prefix, user, context, email)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Google, GitHub, Microsoft and OpenID Connect, as far as they are configured.

    A provider opens the account it was connected to, and no other: that an address is the same proves nothing, and one
    that the provider has not confirmed makes no account either.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """The same rule as for passwords; also for somebody who comes from their invitation's page."""
        return AccountAdapter(request).is_open_for_signup(request) or _is_invited(sociallogin)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse to make an account of an address that is taken, missing, or not proved."""
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        proved = [address.email.lower() for address in sociallogin.email_addresses if _is_proved(address)]
        claimed = (sociallogin.user.email or "").lower()
        if not claimed or claimed not in proved:
            raise self._refusal(request, sociallogin, "unproved", claimed)
        if User.objects.filter(email=claimed).exists():
            raise self._refusal(request, sociallogin, "taken", claimed)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Take over the name the provider knows, and of its addresses the proved one."""
        user: User = super().populate_user(request, sociallogin, data)
        proved = next((address.email for address in sociallogin.email_addresses if _is_proved(address)), user.email)
        user.email = (proved or "").lower()
        user.name = (data.get("name") or f"{data.get('first_name') or ''} {data.get('last_name') or ''}").strip()[:150]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Keep the new person, and give them a workspace of their own."""
        user: User = super().save_user(request, sociallogin, form)
        # With a form the account adapter has made it; who is invited is on the way to somebody else's.
        if form is None and not _is_invited(sociallogin):
            services.workspace_create(name=first_workspace_name(user), owner=user)
        return user

    def get_requests_session(self) -> Any:
        """How providers are called: through the egress door. Hosts that the settings name may be private."""
        policy = egress.Policy.of([*settings.EGRESS_ALLOW, *_configured_hosts()])
        return door_session(egress.door(policy))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Back to where accounts are connected."""
        return reverse("mfa_index")

    def _refusal(self, request: HttpRequest, sociallogin: Any, why: str, address: str) -> ImmediateHttpResponse:
        shown = {"why": why, "address": address, "provider": sociallogin.provider.name}
        return ImmediateHttpResponse(render(request, "socialaccount/refused.html", shown, status=403))


def first_workspace_name(user: User) -> str:
    """What the workspace of somebody who just signed up is called."""
    return f"{user.label.partition('@')[0]}'s workspace"[:100]


def _is_invited(sociallogin: Any) -> bool:
    """Whether this sign-in leads back to an invitation for the very address that the provider has proved."""
    token = _JOIN.fullmatch(urlsplit(sociallogin.state.get("next") or "").path)
    if token is None:
        return False
    try:
        found = services.invitation_find(token=token[1])
    except InvitationGone:
        return False
    return bool(found.email == (sociallogin.user.email or "").lower())


def _is_proved(address: Any) -> bool:
    return str(address.verified).lower() == "true"  # some providers send the word "false"


def _method(records: list[dict[str, Any]]) -> str:
    """How somebody proved who they are, in the order they did: `password, totp`; `link` when nothing was asked."""
    said = [record.get("provider") or record.get("type") or record.get("method") for record in records]
    return ", ".join(dict.fromkeys(str(each) for each in said if each)) or "link"


def _configured_hosts() -> Iterator[str]:
    addresses = [
        settings.SOCIALACCOUNT_PROVIDERS.get("github", {}).get("GITHUB_URL", ""),
        *(
            app.get("settings", {}).get("server_url", "")
            for app in settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
        ),
    ]
    for address in filter(None, addresses):
        parts = urlsplit(address)
        yield f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
