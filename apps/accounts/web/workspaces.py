"""Pages of workspaces: made, named, handed over, left, closed and opened again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from apps.accounts import selectors, services
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage, plain_user
from apps.accounts.access.permissions import Permission, Role
from apps.accounts.errors import MemberUnknown
from apps.accounts.services.workspaces import KEPT_CLOSED
from apps.accounts.web.forms import NewWorkspaceForm, WorkspaceForm
from apps.core.errors import DomainError


class WorkspaceCreate(LoginRequiredMixin, View):
    """`/workspaces/`: a further workspace for somebody who is signed in, and those that can be opened again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._page(request, NewWorkspaceForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it and go there."""
        form = NewWorkspaceForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            workspace = services.workspace_create(name=form.cleaned_data["name"], owner=plain_user(request.user))
        except DomainError as error:
            form.add_error("name", f"{error.message} {error.hint}".strip())
            return self._page(request, form, status=422)
        return HttpResponseRedirect(f"/w/{workspace.slug}/")

    def _page(self, request: HttpRequest, form: NewWorkspaceForm, *, status: int = 200) -> HttpResponse:
        user = plain_user(request.user)
        context = {
            "form": form,
            "homes": selectors.homes_of(user.pk),
            "closed": [(each, each.closed_at + KEPT_CLOSED) for each in selectors.closed_of(user.pk) if each.closed_at],
        }
        return render(request, "accounts/workspace_new.html", context, status=status)


class WorkspaceOpen(LoginRequiredMixin, View):
    """Open a closed workspace again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Open it and go there."""
        workspace = services.workspace_open(slug=slug, user=plain_user(request.user))
        messages.success(request, _("It is open again. Its workflows are paused: activate those that shall run."))
        return HttpResponseRedirect(f"/w/{workspace.slug}/workflows/")


class WorkspaceSettings(WorkspacePage):
    """The workspace's name and address, and the ways out of it."""

    permission = Permission.WORKFLOW_READ
    post_permission = Permission.WORKSPACE_MANAGE
    menu = MenuEntry(
        Menu.WORKSPACE,
        gettext_lazy("General"),
        icon="building-2",
        order=10,
        words=gettext_lazy("name address leave delete"),
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.page(WorkspaceForm(initial={"name": self.workspace.name, "slug": self.workspace.slug}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep name and address."""
        form = WorkspaceForm(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            services.workspace_rename(workspace=self.workspace, name=form.cleaned_data["name"], actor=self.actor)
        except DomainError as error:
            form.add_error("name", f"{error.message} {error.hint}".strip())
            return self.page(form, status=422)
        try:
            services.workspace_move(workspace=self.workspace, slug=form.cleaned_data["slug"], actor=self.actor)
        except DomainError as error:
            form.add_error("slug", f"{error.message} {error.hint}".strip())
            return self.page(form, status=422)
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("workspace-settings", args=[self.workspace.slug]))

    def page(self, form: WorkspaceForm, *, problem: str = "", status: int = 200) -> HttpResponse:
        """The page with this form."""
        others = [row for row in selectors.members(self.workspace.id) if row.user_id != self.actor.id]
        owners = [row for row in others if row.role == Role.OWNER and row.user.is_active]
        context = {
            "form": form,
            "heirs": [row for row in others if row.user.is_active],
            "is_owner": self.actor.role == Role.OWNER,
            "is_last_owner": self.actor.role == Role.OWNER and not owners,
            "kept_days": KEPT_CLOSED.days,
            "problem": problem,
        }
        return self.render("accounts/workspace.html", context, status=status)


class WorkspaceLeave(WorkspacePage):
    """End one's own membership."""

    permission = Permission.WORKFLOW_READ
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Leave, and go to another workspace."""
        try:
            services.member_leave(workspace=self.workspace, actor=self.actor)
        except DomainError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
            return HttpResponseRedirect(reverse("workspace-settings", args=[self.workspace.slug]))
        messages.success(request, _("You have left %(name)s.") % {"name": self.workspace.name})
        return HttpResponseRedirect("/")


class WorkspaceHandOver(WorkspacePage):
    """Make somebody else the owner."""

    permission = Permission.WORKSPACE_MANAGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Hand it over."""
        here = HttpResponseRedirect(reverse("workspace-settings", args=[self.workspace.slug]))
        try:
            chosen = next(
                (row for row in selectors.members(self.workspace.id) if str(row.id) == request.POST.get("member")), None
            )
            if chosen is None:
                raise MemberUnknown("Choose who shall own it.")
            services.ownership_hand_over(workspace=self.workspace, membership=chosen, actor=self.actor)
        except DomainError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
            return here
        messages.success(request, _("%(name)s is the owner now, and you are an admin.") % {"name": chosen.user.label})
        return here


class WorkspaceClose(WorkspacePage):
    """Close the workspace."""

    permission = Permission.WORKSPACE_MANAGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Close it, and go where it can be opened again."""
        typed = request.POST.get("confirmation", "")
        try:
            services.workspace_close(workspace=self.workspace, confirmation=typed, actor=self.actor)
        except DomainError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
            return HttpResponseRedirect(reverse("workspace-settings", args=[self.workspace.slug]))
        messages.success(request, _("%(name)s is closed.") % {"name": self.workspace.name})
        return HttpResponseRedirect(reverse("workspace-create"))
