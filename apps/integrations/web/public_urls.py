"""The addresses that providers of OAuth 2 and other vendors know."""

from __future__ import annotations

from django.urls import path

from apps.integrations.web import connecting, inbound

urlpatterns = [
    path("integrations/oauth/callback", connecting.Callback.as_view(), name="oauth-callback"),
    path("integrations/<slug:vendor>/events", inbound.VendorEvents.as_view(), name="vendor-events"),
]
