"""Where everything is. The apps' own `api/urls.py` and `web/urls.py` say the rest."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from apps.accounts.web.views import Enter, Start, WorkspaceCreate
from apps.core.api.views import Docs, Schema

_APPS = ["accounts", "nodes", "workflows", "executions", "triggers", "hil", "insights"]


def _of(place: str) -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for name in _APPS:
        package = place.rpartition(".")[0]
        module = f"apps.{name}.{place}"
        if apps.is_installed(f"apps.{name}") and find_spec(f"apps.{name}.{package}") and find_spec(module):
            found += import_module(module).urlpatterns
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("", Start.as_view(), name="start"),
    path("api/v1/app/", include(_of("api.urls"))),
    path("api/v1/public/", include(_of("api.public_urls"))),
    path("api/v1/schema/", Schema.as_view(), name="schema"),
    path("api/v1/docs/", Docs.as_view(), name="docs"),
    path("w/<slug:workspace>/", include(_of("web.urls"))),
    path("webhooks/", include(_of("webhooks.urls"))),
    path("", include(_of("web.public_urls"))),
    path("enter/<str:token>/", Enter.as_view(), name="enter"),
    path("workspaces/", WorkspaceCreate.as_view(), name="workspace-create"),
    path("accounts/", include("allauth.urls")),
]

handler400 = "apps.core.api.errors.bad_request"
handler403 = "apps.core.api.errors.forbidden"
handler404 = "apps.core.api.errors.not_found"
handler500 = "apps.core.api.errors.failed"
