"""The second factor: how its secrets are kept, and what passkeys are bound to."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from apps.accounts import services
from apps.accounts.models import User


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are encrypted with a key made of SECRET_KEY, and passkeys are bound to the host people use."""

    def encrypt(self, text: str) -> str:
        """The secret as it is kept."""
        return _cipher(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret, also when SECRET_KEY has changed and the former one is among the fallbacks."""
        cipher = _cipher(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS))
        return cipher.decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Who asks for a passkey: this installation, under the host of the request."""
        found: dict[str, str] = super().get_public_key_credential_rp_entity()
        return found | {"name": "AgentFlow"}


class _Calm:
    """No text inside the field; its label says enough."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.pop("placeholder", None)


class AppForm(_Calm, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""


class CodeAgain(_Calm, ReauthenticateForm):  # type: ignore[misc]
    """A code before something important."""


class CodeForm(_Calm, AuthenticateForm):  # type: ignore[misc]
    """The code that completes a sign-in; a wrong one is noted."""

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        services.session_note(user=self.user, action="session.refused", data={"reason": "code"})


class PasskeyLogin(LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of address and password."""

    def clean_credential(self) -> Authenticator:
        """Whose it is. What no browser sends is refused, where the package would fail."""
        with _well_formed():
            return super().clean_credential()


class PasskeyStep(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""

    def clean_credential(self) -> Authenticator:
        """As `PasskeyLogin`."""
        with _well_formed():
            return super().clean_credential()


class PasskeyAgain(ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey before something important."""

    def clean_credential(self) -> Authenticator:
        """As `PasskeyLogin`."""
        with _well_formed():
            return super().clean_credential()


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A name for the new passkey; what the browser made comes in a hidden field."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("So that you know it again, for example “Work laptop”."),
    )
    passwordless = None

    def clean(self) -> dict[str, Any]:
        """It signs in by itself, so it must have asked for a finger, a face or a PIN."""
        self.cleaned_data["passwordless"] = True
        with _well_formed():
            found: dict[str, Any] = super().clean()
        return found


@contextmanager
def _well_formed() -> Iterator[None]:
    """The library that reads credentials fails on some that are none."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error):
        raise get_adapter().validation_error("incorrect_code") from None


@cache
def _cipher(key: str, former: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(each)) for each in (key, *former)])


def _derived(key: str) -> bytes:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"agentflow second factor").derive(key.encode())
    return base64.urlsafe_b64encode(made)


def can_hold_passkeys(request: HttpRequest) -> bool:
    """Whether browsers make passkeys for this address: they are bound to a host's name, so an IP address has none."""
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def kinds_of(user: User) -> dict[str, Any]:
    """What somebody has: `totp`, `recovery_codes` (one each) and `webauthn` (a list), as the package wraps them."""
    found: dict[str, Any] = {"webauthn": []}
    for row in Authenticator.objects.filter(user=user).order_by("id"):
        if row.type == Authenticator.Type.WEBAUTHN:
            found["webauthn"].append(row.wrap())
        else:
            found[str(row.type)] = row.wrap()
    return found
