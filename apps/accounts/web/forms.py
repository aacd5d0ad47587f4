"""Forms of people and keys."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.access.permissions import SCOPES
from apps.accounts.models import ROLE_CHOICES


class InviteForm(forms.Form):
    """Whom to ask in, and as what."""

    emails = forms.CharField(
        label=_("E-mail addresses"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("One or many, separated by commas, spaces or new lines."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLE_CHOICES, initial="member")
    message = forms.CharField(
        label=_("Message"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Included in the invitation."),
    )

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = roles

    def clean_emails(self) -> list[str]:
        """The addresses, also out of `Ada Lovelace <ada@example.com>`. What is none is named when they are invited."""
        found: list[str] = []
        for part in re.split(r"[,;\n]", self.cleaned_data["emails"]):
            inside = re.findall(r"<([^<>\s]+)>", part)
            words = re.sub(r"<[^<>]*>", " ", part).split()
            found += [word for word in words if "@" in word or not inside] + inside
        return found


class JoinForm(forms.Form):
    """A name and a password, for somebody who comes in for the first time."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=4_096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, and not a common one."),
    )


class KeyForm(forms.Form):
    """A key's name, what it may do and how long it lives."""

    LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("never", _("No expiry"))]

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Where the key will be used, for example “Shop webhook tests”.")
    )
    lifetime = forms.ChoiceField(label=_("Expires after"), choices=LIFETIMES, initial="90")
    scopes = forms.MultipleChoiceField(
        label=_("May"),
        choices=[(scope, scope) for scope in SCOPES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: everything you may do yourself."),
    )

    def __init__(self, *args: Any, allowed: frozenset[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if allowed is not None:
            field = self.fields["scopes"]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(scope, scope) for scope in SCOPES if scope in allowed]

    @property
    def life(self) -> timedelta | None:
        """How long the key lives; None: until it is revoked."""
        days = self.cleaned_data["lifetime"]
        return None if days == "never" else timedelta(days=int(days))


class WorkspaceForm(forms.Form):
    """What a workspace is called, and where it is."""

    name = forms.CharField(label=_("Name"), max_length=100)
    slug = forms.CharField(
        label=_("Address"),
        max_length=50,
        help_text=_("Small letters, digits and dashes. The address it has now goes on leading here, for webhooks too."),
    )


class NewWorkspaceForm(forms.Form):
    """A further workspace."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Your team or project. You can change it at any time.")
    )


class ProfileForm(forms.Form):
    """What other members read, and how pages look."""

    name = forms.CharField(
        label=_("Name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[
            ("", _("Same as the browser")),
            ("light", _("Light")),
            ("dark", _("Dark")),
            ("system", _("Same as the system")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["timezone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Same as the browser")), *((zone, zone.replace("_", " ")) for zone in _zones())]


@cache
def _zones() -> tuple[str, ...]:
    """The zones people live in, without the aliases of old computers."""
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(_CONTINENTS)))


_CONTINENTS = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/"),
    *("Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/"),
)
