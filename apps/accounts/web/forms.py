"""Forms of people and keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.access.permissions import SCOPES
from apps.accounts.models import ROLE_CHOICES


class MemberForm(forms.Form):
    """Who shall come in, and as what."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=ROLE_CHOICES, initial="member")


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


class ProfileForm(forms.Form):
    """What other members read."""

    name = forms.CharField(label=_("Name"), max_length=150, required=False)
