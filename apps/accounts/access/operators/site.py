"""The site itself: who gets in, inside which workspace its pages run, and under which policy of the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_vite.templatetags.django_vite import vite_asset_url
from unfold.sites import UnfoldAdminSite

from apps.accounts import selectors
from apps.accounts.access.operators.actor import (
    CHOSEN,
    chosen_workspace,
    is_operator,
    lacks_second_factor,
    operator_of,
)
from apps.accounts.access.operators.models import OperatorAdmin, TenantAdmin
from apps.accounts.errors import WorkspaceUnknown
from apps.accounts.services import audit_record
from apps.core.tenancy import tenant

# The package's pages are driven by Alpine, which compiles the expressions of its attributes, and set styles on
# elements. No script may be inline, and none comes from elsewhere; decision 8 says what was looked at.
POLICY = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}

View = Callable[..., HttpResponseBase]


class OperatorSite(UnfoldAdminSite):  # type: ignore[misc]
    """`/admin/`. For operators only: to everybody else who is signed in there is no such page."""

    index_template = "operators/index.html"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take what was made for operators; what packages register of their own accord is left out."""
        if admin_class is not None and issubclass(admin_class, OperatorAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody operates this installation, with a second factor where one is asked for."""
        return is_operator(request.user) and not lacks_second_factor(request.user)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The product's own sign-in, with all it asks for. There is no second one here."""
        wanted = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        if self.has_permission(request):
            return redirect("admin:index")
        if is_operator(request.user):
            messages.error(request, _("Operators need a second factor here. Set one up, then come back."))
            return redirect("mfa_index")
        raise Http404

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The product's own page."""
        return redirect("account_change_password")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """A page of the site: inside the chosen workspace where its table belongs to one, and rendered there."""
        shown: View = super().admin_view(self._in_workspace(view), cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = shown(request, *args, **kwargs)
            response._csp_update = POLICY  # type: ignore[attr-defined]
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        answer.model_admin = getattr(view, "model_admin", None)  # type: ignore[attr-defined]
        return answer

    def extra_urls(self) -> list[URLPattern]:
        """Choosing a workspace, and leaving it."""
        return [
            path("enter/", require_POST(self.admin_view(self.enter)), name="enter"),
            path("leave/", require_POST(self.admin_view(self.leave)), name="leave"),
        ]

    def enter(self, request: HttpRequest) -> HttpResponse:
        """Choose a workspace. Its people can read in their audit log who looked in, and when."""
        found = selectors.workspace_by_slug(request.POST.get("slug", ""))
        if found is None:
            raise WorkspaceUnknown
        with tenant(found.id):
            audit_record(
                workspace_id=found.id, actor=operator_of(request), action="operator.entered", target=found.name
            )
        request.session[CHOSEN] = found.slug
        wanted = request.POST.get("next", "")
        return HttpResponseRedirect(wanted if wanted.startswith("/admin/") else reverse("admin:index"))

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Look into no workspace any more."""
        request.session.pop(CHOSEN, None)
        return redirect("admin:index")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The menu in two parts: what belongs to nobody, and what is the chosen workspace's."""
        models = [model for app in super().get_app_list(request, app_label) for model in app["models"]]
        found = chosen_workspace(request)
        parts = [(_("Installation"), [each for each in models if not self._is_tenant(each)])]
        if found:
            parts.append(
                (_("Workspace %(name)s") % {"name": found.name}, [each for each in models if self._is_tenant(each)])
            )
        for model in models:
            model["name"] = self._registry[model["model"]].menu_title or model["name"]
        return [
            {
                "name": name,
                "app_label": "operators",
                "app_url": reverse("admin:index"),
                "has_module_perms": True,
                "models": sorted(listed, key=lambda model: str(model["name"]).lower()),
            }
            for name, listed in parts
        ]

    def _is_tenant(self, model: dict[str, Any]) -> bool:
        return isinstance(self._registry[model["model"]], TenantAdmin)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows."""
        context: dict[str, Any] = super().each_context(request)
        favicon = {"rel": "icon", "type": "image/svg+xml", "href": vite_asset_url("favicon.svg")}
        return context | {"chosen_workspace": chosen_workspace(request), "site_favicons": [favicon]}

    def _in_workspace(self, view: View) -> View:
        def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(_admin_of(view), TenantAdmin):
                return _rendered(view(request, *args, **kwargs))
            found = chosen_workspace(request)
            if found is None:
                messages.info(request, _("These rows belong to workspaces. Choose the one to look into."))
                return redirect("admin:index")
            with tenant(found.id):
                return _rendered(view(request, *args, **kwargs))

        # What Django asks of a view before and after it wraps it.
        for name in ("csrf_exempt", "login_required"):
            if hasattr(view, name):
                setattr(inside, name, getattr(view, name))
        return inside


def _admin_of(view: View) -> Any:
    return getattr(view, "__self__", None) or getattr(view, "model_admin", None)


def _rendered(response: HttpResponseBase) -> HttpResponseBase:
    # A template that asks for rows must do so while the transaction is open.
    return response.render() if isinstance(response, TemplateResponse) else response
