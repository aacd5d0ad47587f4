"""The package's forms, with our words."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordKeyForm, SetPasswordForm, SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _


class _Calm:
    """No text inside the fields, and one line about passwords: errors say the rest."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":
                field.help_text = _("At least 10 characters, and not a common one.")


class SignUp(_Calm, SignupForm):  # type: ignore[misc]
    """Sign-up; the adapter takes the name over."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class SignIn(_Calm, LoginForm):  # type: ignore[misc]
    """Sign-in. The way to a new password stands below the form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class FirstPassword(_Calm, SetPasswordForm):  # type: ignore[misc]
    """For people who came in by link."""


class NewPassword(_Calm, ChangePasswordForm):  # type: ignore[misc]
    """Another password."""


class ForgottenPassword(_Calm, ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password after the link from the mail."""
