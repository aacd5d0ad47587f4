"""The address that providers of OAuth 2 know."""

from __future__ import annotations

from django.urls import path

from apps.integrations.web import connecting

urlpatterns = [path("integrations/oauth/callback", connecting.Callback.as_view(), name="oauth-callback")]
