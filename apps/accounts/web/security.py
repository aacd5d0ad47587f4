"""How people prove who they are: their own factors and connected accounts, and what a workspace asks of everybody."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.views import ConnectionsView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from apps.accounts import selectors, services
from apps.accounts.access import resolve
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage, plain_user
from apps.accounts.access.permissions import Permission
from apps.accounts.models import User
from apps.accounts.web.factors import PasskeyForm, can_hold_passkeys, kinds_of
from apps.core.errors import DomainError


class Security(WorkspacePage):
    """What the person signed in proves who they are with. Open to those who lack what the workspace asks for."""

    permission = Permission.WORKFLOW_READ
    menu = MenuEntry(
        Menu.YOU,
        gettext_lazy("Sign-in"),
        icon="shield-check",
        order=20,
        words=gettext_lazy("security password passkey"),
    )
    needs_second_factor = False

    def get(self, request: HttpRequest) -> HttpResponse:
        """Everything that is set up, and what can be."""
        user = plain_user(request.user)
        is_asked = resolve.lacks_second_factor(user, self.workspace)
        return self.render("accounts/security.html", _shown(request, user) | {"is_asked": is_asked})


class SignInRules(WorkspacePage):
    """What the workspace asks of everybody who enters it."""

    permission = Permission.MEMBER_MANAGE
    post_permission = Permission.WORKSPACE_MANAGE
    menu = MenuEntry(
        Menu.SECURITY, gettext_lazy("Sign-in rules"), icon="lock-keyhole", order=40, words=gettext_lazy("second factor")
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The rule, and who it would keep out."""
        members = selectors.members(self.workspace.id)
        protected = selectors.with_second_factor(member.user_id for member in members)
        context = {
            "members": [(member, member.user_id in protected) for member in members],
            "missing": sum(member.user_id not in protected for member in members),
            "is_required_everywhere": settings.REQUIRE_SECOND_FACTOR,
        }
        return self.render("accounts/sign_in_rules.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set it."""
        is_required = request.POST.get("requires_second_factor") == "on"
        try:
            services.workspace_require_second_factor(
                workspace=self.workspace, is_required=is_required, actor=self.actor
            )
        except DomainError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
        else:
            messages.success(request, _("Saved."))
        return HttpResponseRedirect(request.path)


class MySecurity(LoginRequiredMixin, View):
    """`/accounts/2fa/`: where the package sends people back to. On to their page in the workspace last looked at."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect; somebody without a workspace gets the page by itself."""
        user = plain_user(request.user)
        homes = [home.workspace.slug for home in selectors.homes_of(user.pk)]
        if not homes:
            return render(request, "accounts/security_alone.html", _shown(request, user))
        last = request.session.get(resolve.LAST_WORKSPACE)
        return HttpResponseRedirect(reverse("security", args=[last if last in homes else homes[0]]))


class Connections(ConnectionsView):  # type: ignore[misc]
    """`/accounts/3rdparty/`: takes the form that disconnects; connected accounts stand on the page of one's sign-in."""

    success_url = reverse_lazy("mfa_index")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There."""
        return HttpResponseRedirect(reverse("mfa_index"))

    def form_invalid(self, form: Any) -> HttpResponse:
        """There, with the reason."""
        for error in form.non_field_errors() or [_("This account cannot be disconnected.")]:
            messages.error(self.request, str(error))
        return HttpResponseRedirect(reverse("mfa_index"))


class SecondStep(AuthenticateView):  # type: ignore[misc]
    """`/accounts/2fa/authenticate/`: the code or the passkey after the password; offers what the person has."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What they have."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        kinds = kinds_of(self.stage.login.user)
        return context | {
            "has_totp_or_codes": "totp" in kinds or "recovery_codes" in kinds,
            "has_passkey": bool(kinds["webauthn"]),
        }


class AppAdd(ActivateTOTPView):  # type: ignore[misc]
    """`/accounts/2fa/totp/activate/`: an authenticator app."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Turn it on; who has just used it need not prove it again to see the recovery codes."""
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, "mfa", type="totp", reauthenticated=True)
        return response


class PasskeyAdd(AddWebAuthnView):  # type: ignore[misc]
    """`/accounts/2fa/webauthn/add/`: a passkey that can sign in by itself, wherever it is used."""

    def get_form_class(self) -> type[forms.Form]:
        """Ours."""
        return PasskeyForm

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Keep it; who has just used it need not prove it again to see the recovery codes."""
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, "mfa", type="webauthn", reauthenticated=True)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the browser needs to make it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if "form" in kwargs:  # the package forgets the errors
            context["form"] = kwargs["form"]
        options = auth.begin_registration(plain_user(self.request.user), True)
        return context | {"js_data": {"creation_options": options}, "can_hold": can_hold_passkeys(self.request)}


def _shown(request: HttpRequest, user: User) -> dict[str, Any]:
    kinds = kinds_of(user)
    connected = list(SocialAccount.objects.filter(user=user).order_by("id"))
    taken = {account.provider for account in connected}
    offered = get_social_adapter().list_providers(request)
    return {
        "passkeys": kinds["webauthn"],
        "totp": kinds.get("totp"),
        "codes_left": len(kinds["recovery_codes"].get_unused_codes()) if "recovery_codes" in kinds else None,
        "has_factor": bool(kinds["webauthn"] or "totp" in kinds),
        "connected": [(account, _name(account)) for account in connected],
        "offered": [each for each in offered if (each.app.provider_id or each.id) not in taken],
        "has_password": user.has_usable_password(),
    }


def _name(account: SocialAccount) -> str:
    try:
        return str(account.get_provider().name)
    except Exception:  # it was connected when the settings named this provider
        return str(account.provider)
