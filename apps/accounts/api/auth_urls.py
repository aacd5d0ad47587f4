"""Routes under `/api/v1/auth/`."""

from __future__ import annotations

from django.urls import path

from apps.accounts.api import auth

urlpatterns = [
    path("token/", auth.Token.as_view(), name="token"),
    path("token/refresh/", auth.TokenRefresh.as_view(), name="token-refresh"),
]
