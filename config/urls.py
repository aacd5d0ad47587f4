"""Where everything is. The apps' own `api/urls.py` and `web/urls.py` say the rest."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from apps.accounts.web.joining import Join
from apps.accounts.web.providers import oidc_callback, oidc_login
from apps.accounts.web.security import AppAdd, Connections, MySecurity, PasskeyAdd, SecondStep
from apps.accounts.web.views import Addresses, Enter, Start
from apps.accounts.web.workspaces import WorkspaceCreate, WorkspaceOpen
from apps.core.api.views import Docs, Errors, Schema
from apps.insights.api.metrics import read_metrics


def _of(*modules: str) -> list[URLResolver]:
    return [path("", include(f"apps.{module}")) for module in modules]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", Start.as_view(), name="start"),
    path(
        "api/v1/app/",
        include(
            _of(
                "accounts.api.urls",
                "nodes.api.urls",
                "integrations.api.urls",
                "ai.api.urls",
                "workflows.api.urls",
                "executions.api.urls",
                "triggers.api.urls",
                "hil.api.urls",
                "insights.api.urls",
            )
        ),
    ),
    path("api/v1/auth/", include("apps.accounts.api.auth_urls")),
    path("api/v1/public/", include("apps.insights.api.public_urls")),
    path("api/v1/schema/", Schema.as_view(), name="schema"),
    path("api/v1/docs/", Docs.as_view(), name="docs"),
    path("metrics", read_metrics, name="metrics"),
    path("docs/errors", Errors.as_view(), name="errors"),
    path(
        "w/<slug:workspace>/",
        include(
            _of(
                "insights.web.urls",
                "integrations.web.urls",
                "ai.web.urls",
                "workflows.web.urls",
                "executions.web.urls",
                "triggers.web.urls",
                "hil.web.urls",
                "accounts.web.urls",
            )
        ),
    ),
    path("", include("apps.triggers.webhooks.urls")),
    path("", include(_of("hil.web.public_urls", "insights.web.public_urls", "integrations.web.public_urls"))),
    path("admin/", admin.site.urls),
    path("enter/<str:token>/", Enter.as_view(), name="enter"),
    path("join/<str:token>/", Join.as_view(), name="join"),
    path("workspaces/", WorkspaceCreate.as_view(), name="workspace-create"),
    path("workspaces/<slug:slug>/open/", WorkspaceOpen.as_view(), name="workspace-open"),
    path("accounts/email/", Addresses.as_view(), name="account_email"),
    path("accounts/2fa/", MySecurity.as_view(), name="mfa_index"),
    path("accounts/2fa/authenticate/", SecondStep.as_view(), name="mfa_authenticate"),
    path("accounts/2fa/totp/activate/", AppAdd.as_view(), name="mfa_activate_totp"),
    path("accounts/2fa/webauthn/", MySecurity.as_view(), name="mfa_list_webauthn"),
    path("accounts/2fa/webauthn/add/", PasskeyAdd.as_view(), name="mfa_add_webauthn"),
    path("accounts/3rdparty/", Connections.as_view(), name="socialaccount_connections"),
    path("accounts/oidc/<str:provider_id>/login/", oidc_login, name="openid_connect_login"),
    path("accounts/oidc/<str:provider_id>/login/callback/", oidc_callback, name="openid_connect_callback"),
    path("accounts/", include("allauth.urls")),
]

handler400 = "apps.core.api.errors.bad_request"
handler403 = "apps.core.api.errors.forbidden"
handler404 = "apps.core.api.errors.not_found"
handler500 = "apps.core.api.errors.failed"
