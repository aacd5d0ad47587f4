"""Pages about oneself."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import preferences, services
from apps.accounts.access import presence
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.accounts.models import User
from apps.accounts.notices import KINDS
from apps.accounts.pictures import MOST_BYTES
from apps.accounts.services.profile import HUES
from apps.accounts.web.devices import device_of
from apps.accounts.web.forms import ProfileForm
from apps.core.clock import now
from apps.core.errors import DomainError


class _Own(WorkspacePage):
    """What everybody may do about themselves, in whatever workspace they stand."""

    permission = Permission.WORKFLOW_READ

    @property
    def user(self) -> User:
        """The person signed in: pages know no other actors."""
        assert self.actor.user is not None
        return self.actor.user

    def back(self, text: str = "", *, problem: DomainError | None = None) -> HttpResponse:
        """To the profile, with a notice or the reason."""
        if problem is not None:
            messages.error(self.request, f"{problem.message} {problem.hint}".strip())
        elif text:
            messages.success(self.request, text)
        return HttpResponseRedirect(reverse("profile", args=[self.workspace.slug]))


class Profile(_Own):
    """Name, picture, zone, theme; the way to passwords, and out."""

    menu = MenuEntry(
        Menu.YOU,
        gettext_lazy("Your profile"),
        icon="user-round",
        order=10,
        words=gettext_lazy("name picture avatar time zone theme password delete account"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The forms."""
        user = self.user
        return self._page(ProfileForm(initial={"name": user.name, "timezone": user.timezone, "theme": user.theme}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep name, zone and theme."""
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        given = {name: form.cleaned_data[name] for name in form.fields if name in request.POST}
        services.profile_update(user=self.user, **given)
        return self.back(_("Saved."))

    def _page(self, form: ProfileForm, *, status: int = 200) -> HttpResponse:
        context = {"form": form, "hues": range(HUES), "most_kb": MOST_BYTES // 1024}
        return self.render("accounts/profile.html", context, status=status)


class ProfilePicture(_Own):
    """One's picture, or the colour of one's initials."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep what is sent: a file, a colour, or the wish for initials."""
        file = request.FILES.get("picture")
        try:
            if request.POST.get("remove"):
                services.picture_remove(user=self.user)
            elif file is not None:
                services.picture_set(user=self.user, content=file.read(MOST_BYTES + 1))
            else:
                raw = request.POST.get("hue", "")
                services.profile_update(user=self.user, hue=int(raw) if raw.isascii() and raw.isdecimal() else None)
        except DomainError as error:
            return self.back(problem=error)
        return self.back(_("Saved."))


class TourSeen(_Own):
    """Remembers that one took or refused a tour."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, tour: str) -> HttpResponse:
        """It is not offered again."""
        services.tour_seen(user=self.user, tour=tour)
        return HttpResponse(status=204)


class NotificationPreferences(_Own):
    """What one wants to be told of, and how."""

    menu = MenuEntry(
        Menu.YOU, gettext_lazy("Notifications"), icon="bell", order=20, words=gettext_lazy("notifications mail")
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The table."""
        standing = preferences.table(self.user.preferences)
        rows = [(kind, list(standing[kind.name].items())) for kind in KINDS.values()]
        return self.render("accounts/notification_preferences.html", {"rows": rows})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep it: what is not ticked is not wanted."""
        wanted: dict[str, dict[str, bool]] = {
            kind: {str(channel): f"{kind}:{channel}" in request.POST for channel in preferences.CHANNELS}
            for kind in KINDS
        }
        services.profile_update(user=self.user, notices=wanted)
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("notification-preferences", args=[self.workspace.slug]))


class Sessions(_Own):
    """Where one is signed in."""

    menu = MenuEntry(
        Menu.YOU, gettext_lazy("Sessions"), icon="monitor", order=30, words=gettext_lazy("devices browsers sign out")
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, this browser on top."""
        presence.note_session(request, self.user)
        here = request.session.session_key
        found = UserSession.objects.filter(user=self.user, session_key__in=_open_sessions(self.user))
        rows = [(row, device_of(row.user_agent), row.session_key == here) for row in found]
        rows.sort(key=lambda row: (not row[2], -row[0].last_seen_at.timestamp()))
        return self.render("accounts/sessions.html", {"rows": rows})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign out one browser, or all but this one."""
        rows = UserSession.objects.filter(user=self.user).exclude(session_key=request.session.session_key)
        chosen = request.POST.get("session", "")
        if chosen:
            rows = (
                rows.filter(pk=int(chosen))
                if chosen.isascii() and chosen.isdecimal() and len(chosen) < 18
                else rows.none()
            )
        ended = 0
        for row in rows:
            row.end()
            ended += 1
        messages.success(request, _("Signed out elsewhere.") if ended else _("Nobody was signed in there any more."))
        return HttpResponseRedirect(reverse("sessions", args=[self.workspace.slug]))


def _open_sessions(user: User) -> list[str]:
    """The keys of the sessions that let this person in: not ended, and not outdated by a change of the password."""
    noted = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    kept = Session.objects.filter(session_key__in=list(noted), expire_date__gt=now())
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    return [row.session_key for row in kept if row.get_decoded().get(HASH_SESSION_KEY) in hashes]


class AccountDelete(_Own):
    """Take one's account away."""

    http_method_names = ["post"]
    manages_transaction = True  # every workspace is left in a transaction of its own

    def post(self, request: HttpRequest) -> HttpResponse:
        """Delete it when the address was typed, and sign out."""
        typed: Any = request.POST.get("confirmation", "")
        if typed.strip().lower() != self.user.email:
            messages.error(request, _("Type your address to confirm: nothing was deleted."))
            return self.back()
        try:
            services.account_delete(user=self.user)
        except DomainError as error:
            return self.back(problem=error)
        logout(request)
        messages.success(request, _("Your account is deleted."))
        return HttpResponseRedirect(reverse("account_login"))
