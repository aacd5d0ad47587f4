"""Pages of members, invitations and roles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import selectors, services
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import ROLE_PERMISSIONS, Permission, Role
from apps.accounts.access.words import ROLE_WORDS, role_table
from apps.accounts.errors import InvitationUnknown
from apps.accounts.models import ROLE_CHOICES, Invitation, Membership
from apps.accounts.services import Invited
from apps.accounts.web.forms import InviteForm
from apps.core import outbox
from apps.core.clock import now
from apps.core.errors import DomainError, NotFound
from apps.core.models import Message

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """An invitation as the list shows it."""

    row: Invitation
    state: str
    mail: str
    problem: str


class Members(WorkspacePage):
    """Who is here, and as what; who is asked in. Everybody may look; owners and admins may change it."""

    permission = Permission.WORKFLOW_READ
    menu = MenuEntry(
        Menu.WORKSPACE, gettext_lazy("Members"), icon="users", order=20, words=gettext_lazy("people invite")
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The lists. `q` is part of a name or address, `role` one of the roles."""
        q, role = request.GET.get("q", "").replace("\0", "")[:200], request.GET.get("role", "")
        role = role if role in set(Role) else ""
        rows = selectors.members(self.workspace.id, q=q, role=role)
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        may_manage = self.actor.can(Permission.MEMBER_MANAGE)
        context = {
            "page": page,
            "members": [(row, self._may_touch(row)) for row in page],
            "roles": _roles(self),
            "all_roles": ROLE_CHOICES,
            "q": q,
            "role": role,
            "invitations": _waiting(self.workspace.id) if may_manage else [],
        }
        return self.render("accounts/members.html", context)

    def _may_touch(self, row: Membership) -> bool:
        return self.actor.can(Permission.MEMBER_MANAGE) and (
            row.role != Role.OWNER or self.actor.can(Permission.WORKSPACE_MANAGE)
        )


class Invite(WorkspacePage):
    """Ask people in, one or many."""

    permission = Permission.MEMBER_MANAGE
    menu_under = "members"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._page(InviteForm(roles=_roles(self)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Invite, and show what became of each address; where no mail is sent, the links, once."""
        form = InviteForm(request.POST, roles=_roles(self))
        if not form.is_valid():
            return self._page(form, status=422)
        try:
            found = services.invitations_create(workspace=self.workspace, actor=self.actor, **form.cleaned_data)
        except DomainError as error:
            form.add_error("emails", f"{error.message} {error.hint}".strip())
            return self._page(form, status=422)
        return invited(self, found)

    def _page(self, form: InviteForm, *, status: int = 200) -> HttpResponse:
        return self.render("accounts/invite.html", {"form": form}, status=status)


def invited(page: WorkspacePage, found: list[Invited]) -> HttpResponse:
    """What became of the addresses: a notice where mail goes out to all, else a page with the links."""
    slug = page.workspace.slug
    if all(each.invitation is not None and each.token is None for each in found):
        text = _("The invitation goes out by mail.") if len(found) == 1 else _("The invitations go out by mail.")
        messages.success(page.request, text)
        return HttpResponseRedirect(reverse("members", args=[slug]))
    rows = [(each, _url(each.token) if each.token else "") for each in found]
    response = page.render("accounts/invited.html", {"rows": rows}, status=201)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _url(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('join', args=[token])}"


class _OneInvitation(WorkspacePage):
    permission = Permission.MEMBER_MANAGE
    menu_under = "members"
    http_method_names = ["post"]

    def invitation(self, invitation_id: UUID) -> Invitation:
        """The invitation, or 404."""
        found = selectors.invitations(self.workspace.id).filter(id=invitation_id).first()
        if found is None:
            raise InvitationUnknown
        return found


class InvitationResend(_OneInvitation):
    """Send an invitation once more."""

    def post(self, request: HttpRequest, invitation: UUID) -> HttpResponse:
        """Send it."""
        found = self.invitation(invitation)
        try:
            again = services.invitation_resend(workspace=self.workspace, invitation=found, actor=self.actor)
        except DomainError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
            return HttpResponseRedirect(reverse("members", args=[self.workspace.slug]))
        return invited(self, [again])


class InvitationRevoke(_OneInvitation):
    """Withdraw an invitation."""

    def post(self, request: HttpRequest, invitation: UUID) -> HttpResponse:
        """Withdraw it."""
        found = services.invitation_revoke(
            workspace=self.workspace, invitation=self.invitation(invitation), actor=self.actor
        )
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": found.email})
        return HttpResponseRedirect(reverse("members", args=[self.workspace.slug]))


class _OneMember(WorkspacePage):
    permission = Permission.MEMBER_MANAGE
    menu_under = "members"
    http_method_names = ["post"]

    def membership(self, membership_id: UUID) -> Membership:
        """The membership, or 404."""
        found = selectors.member(self.workspace.id, membership_id)
        if found is None:
            raise NotFound
        return found

    def done(self, text: str) -> HttpResponse:
        """Back to the list with a notice."""
        messages.success(self.request, text)
        return HttpResponseRedirect(reverse("members", args=[self.workspace.slug]))

    def refused(self, error: DomainError) -> HttpResponse:
        """Back to the list with the reason."""
        messages.error(self.request, f"{error.message} {error.hint}".strip())
        return HttpResponseRedirect(reverse("members", args=[self.workspace.slug]))


class MemberRole(_OneMember):
    """Give a member another role."""

    def post(self, request: HttpRequest, membership: UUID) -> HttpResponse:
        """Change it."""
        found = self.membership(membership)
        try:
            services.member_role_change(
                workspace=self.workspace, membership=found, role=request.POST.get("role", ""), actor=self.actor
            )
        except DomainError as error:
            return self.refused(error)
        return self.done(_("%(name)s has another role now.") % {"name": found.user.label})


class MemberRemove(_OneMember):
    """End a membership."""

    def post(self, request: HttpRequest, membership: UUID) -> HttpResponse:
        """End it."""
        found = self.membership(membership)
        name = found.user.label
        try:
            services.member_remove(workspace=self.workspace, membership=found, actor=self.actor)
        except DomainError as error:
            return self.refused(error)
        return self.done(_("%(name)s is no longer a member.") % {"name": name})


class Roles(WorkspacePage):
    """What each role may, in plain words."""

    permission = Permission.WORKFLOW_READ
    menu = MenuEntry(Menu.WORKSPACE, gettext_lazy("Roles"), icon="shield", order=25, words=gettext_lazy("permissions"))

    def get(self, request: HttpRequest) -> HttpResponse:
        """The table, made from the one that decides."""
        counts = selectors.role_counts(self.workspace.id)
        context = {
            "groups": role_table(),
            "roles": [(role, role.name.capitalize(), ROLE_WORDS[role], counts.get(role.value, 0)) for role in Role],
            "own": self.actor.role,
        }
        return self.render("accounts/roles.html", context)


class PersonPicture(WorkspacePage):
    """The picture of a member. It is sent as a download of its own kind and nothing else: no browser runs anything."""

    permission = Permission.WORKFLOW_READ
    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, user: UUID, version: str) -> HttpResponse:
        """The bytes, kept by the browser as long as it likes: another picture has another address."""
        found = selectors.picture(self.workspace.id, user)
        if found is None or found.user.picture != version:
            raise NotFound
        response = HttpResponse(bytes(found.content), content_type=found.media_type)
        response["Content-Disposition"] = f'attachment; filename="picture.{found.media_type.partition("/")[2]}"'
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


def _roles(page: WorkspacePage) -> list[tuple[str, str]]:
    """The roles the actor may give."""
    return [(value, name) for value, name in ROLE_CHOICES if page.actor.permissions >= ROLE_PERMISSIONS[Role(value)]]


def _waiting(workspace_id: UUID) -> list[Waiting]:
    rows = list(selectors.invitations(workspace_id)[:200])
    sent: dict[UUID, Message] = {}
    for message in outbox.message_list(workspace_id, subject_ids=[row.id for row in rows if row.is_mailed]):
        sent[message.subject_id] = message
    found, at = [], now()
    for row in rows:
        mail, problem = "", ""
        last = sent.get(row.id)
        if last is not None:
            mail = "sent" if last.delivered_at else "waiting" if last.due_at else "failed"
            problem = (last.tries[-1]["error"] if last.tries else "") if mail != "sent" else ""
        found.append(Waiting(row, row.state(at), mail, problem))
    return found
