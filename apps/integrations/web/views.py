"""The pages where credentials are connected, tested, replaced, and where one sees who uses them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.integrations import registry, selectors, services, uses
from apps.integrations.declare import CredentialType, Refused
from apps.integrations.errors import CredentialUnknown, NotTested
from apps.integrations.models import Credential
from apps.integrations.oauth.connecting import redirect_uri
from apps.integrations.oauth.showing import connection_of
from apps.integrations.web.forms import CredentialForm

PAGE_SIZE = 50
USES_FOR = timedelta(days=30)


class CredentialList(WorkspacePage):
    """The systems this workspace is connected to."""

    permission = Permission.CREDENTIAL_READ
    active = "integrations"
    menu = MenuEntry(
        Menu.MAIN,
        gettext_lazy("Integrations"),
        icon="plug",
        order=60,
        keys="g c",
        words=gettext_lazy("credentials secrets tokens passwords connections"),
        on_phone=False,
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first."""
        q = request.GET.get("q", "").strip()[:100].replace("\0", "")
        found = selectors.credentials(self.workspace.id, self.actor, search=q)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        at = clock.now()
        rows = [
            {"credential": row, "kind": registry.credential_type(row.type), "is_due": row.is_due(at)} for row in page
        ]
        return self.render("integrations/list.html", {"page": page, "rows": rows, "q": q})


class CredentialTypes(WorkspacePage):
    """`integrations/new/`: what it shall be."""

    permission = Permission.CREDENTIAL_USE
    active = "integrations"
    menu_under = "credentials"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The types."""
        return self.render("integrations/types.html", {"kinds": list(registry.credential_types().values())})


@method_decorator([sensitive_post_parameters(), sensitive_variables()], name="dispatch")
class CredentialNew(WorkspacePage):
    """`integrations/new/<type>/`: a new credential, tested before it is kept.

    A page that wants one takes the form into itself by htmx; `next` is the page of this workspace to go on to.
    """

    permission = Permission.CREDENTIAL_USE
    active = "integrations"
    menu_under = "credentials"
    manages_transaction = True

    def get(self, request: HttpRequest, type: str) -> HttpResponse:
        """The form."""
        kind = _kind(type)
        name = request.GET.get("name", "")[:100].replace("\0", "")
        return self._page(kind, CredentialForm(kind, may_share=self._may_share, initial={"name": name}))

    def post(self, request: HttpRequest, type: str) -> HttpResponse:
        """Test and keep it."""
        kind = _kind(type)
        form = CredentialForm(kind, request.POST, may_share=self._may_share)
        doubt: DomainError | None = None
        if form.is_valid():
            try:
                made = services.credential_create(
                    workspace_id=self.workspace.id,
                    actor=self.actor,
                    type=kind.type,
                    scope=form.cleaned_data["scope"],
                    **form.given(),
                )
            except (Refused, NotTested) as refused:
                doubt = refused
            except DomainError as refused:
                form.refuse(refused)
            else:
                if made.is_verified:
                    messages.success(request, _("It works, and is saved."))
                return self._onward(reverse("credential", args=[self.workspace.slug, made.id]))
        return self._page(kind, form, doubt, status=422)

    def _onward(self, usual: str) -> HttpResponse:
        address = self._next or usual
        if self._is_part:
            return HttpResponse(headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)

    @property
    def _is_part(self) -> bool:
        return self.request.headers.get("HX-Request") == "true"

    @property
    def _next(self) -> str:
        given = self.request.POST.get("next") or self.request.GET.get("next") or ""
        is_ours = given.startswith(f"/w/{self.workspace.slug}/")
        return given if is_ours and url_has_allowed_host_and_scheme(given, allowed_hosts=None) else ""

    @property
    def _may_share(self) -> bool:
        return self.actor.can(Permission.CREDENTIAL_MANAGE)

    def _page(
        self, kind: CredentialType, form: CredentialForm, doubt: DomainError | None = None, *, status: int = 200
    ) -> HttpResponse:
        with tenant(self.workspace.id):
            context = {"kind": kind, "form": form, "doubt": doubt, "next": self._next, "is_part": self._is_part}
            if kind.obtained:
                context["redirect_uri"] = redirect_uri()
            template = "integrations/_new.html" if self._is_part else "integrations/new.html"
            return self.render(template, context, status=status)


@method_decorator([sensitive_post_parameters(), sensitive_variables()], name="dispatch")
class CredentialDetail(WorkspacePage):
    """One credential: whether it works, who uses it, and its form."""

    permission = Permission.CREDENTIAL_READ
    post_permission = Permission.CREDENTIAL_USE
    active = "integrations"
    menu_under = "credentials"
    manages_transaction = True

    def get(self, request: HttpRequest, credential: UUID) -> HttpResponse:
        """The page."""
        with tenant(self.workspace.id):
            row = selectors.credential(self.workspace.id, self.actor, credential)
            return self._page(row)

    def post(self, request: HttpRequest, credential: UUID) -> HttpResponse:
        """Keep what was changed; fields that changed are tested first."""
        with tenant(self.workspace.id):
            row = selectors.credential(self.workspace.id, self.actor, credential)
        services.require_manage(self.actor, row)
        kind = _kind(row.type)
        form = CredentialForm(kind, request.POST, row=row)
        doubt: DomainError | None = None
        if form.is_valid():
            try:
                services.credential_update(
                    workspace_id=self.workspace.id, credential_id=row.id, actor=self.actor, **form.given()
                )
            except (Refused, NotTested) as refused:
                doubt = refused
            except DomainError as refused:
                form.refuse(refused)
            else:
                messages.success(request, _("Saved."))
                return redirect("credential", self.workspace.slug, row.id)
        with tenant(self.workspace.id):
            return self._page(row, form, doubt, status=422)

    def _page(
        self,
        row: Credential,
        form: CredentialForm | None = None,
        doubt: DomainError | None = None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        kind = registry.credential_type(row.type)
        may_manage = services.may_manage(self.actor, row)
        if kind is not None and may_manage and form is None:
            form = CredentialForm(kind, row=row)
        at = clock.now()
        used = uses.uses_of(self.workspace.id, row.id)
        days = selectors.uses_by_day(self.workspace.id, row.id, since=(at - USES_FOR).date())
        context: dict[str, Any] = {
            "credential": row,
            "kind": kind,
            "form": form if may_manage else None,
            "doubt": doubt,
            "secrets": [
                {"label": name.replace("_", " ").capitalize(), **shown}
                for name, shown in selectors.secrets_shown(row).items()
            ],
            "uses": used,
            "workflows": sorted({use.workflow_name for use in used}),
            "calls": sum(day["count"] for day in days),
            "is_due": row.is_due(at),
            "is_testable": kind is not None and kind.has_test,
            "may_test": services.may_use(self.actor, row),
            "may_change": may_manage,
            "connection": connection_of(row, kind),
        }
        return self.render("integrations/credential.html", context, status=status)


class CredentialTest(WorkspacePage):
    """The button that asks the other side."""

    permission = Permission.CREDENTIAL_USE
    active = "integrations"
    menu_under = "credentials"
    manages_transaction = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, credential: UUID) -> HttpResponse:
        """Ask, and say what it answered."""
        row = services.credential_test(workspace_id=self.workspace.id, credential_id=credential, actor=self.actor)
        if row.is_verified:
            messages.success(request, _("It works. %(said)s") % {"said": row.test_message})
        else:
            messages.error(request, row.test_message)
        return redirect("credential", self.workspace.slug, row.id)


class CredentialDelete(WorkspacePage):
    """The button that deletes; the dialog before it has said who uses it."""

    permission = Permission.CREDENTIAL_USE
    active = "integrations"
    menu_under = "credentials"
    manages_transaction = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, credential: UUID) -> HttpResponse:
        """Delete it."""
        with tenant(self.workspace.id):
            row = selectors.credential(self.workspace.id, self.actor, credential)
        services.credential_delete(workspace_id=self.workspace.id, credential_id=row.id, actor=self.actor, force=True)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": row.name})
        return redirect("credentials", self.workspace.slug)


def _kind(name: str) -> CredentialType:
    kind = registry.credential_type(name)
    if kind is None:
        raise CredentialUnknown(_("There is no such type of credential."))
    return kind
