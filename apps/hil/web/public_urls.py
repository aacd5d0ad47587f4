"""The page behind a link that somebody outside was sent."""

from __future__ import annotations

from django.urls import path

from apps.hil.web import link_views

urlpatterns = [path("i/<str:token>/", link_views.LinkPage.as_view(), name="interaction-by-link")]
