"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.insights.web import views

urlpatterns = [path("", views.Home.as_view(), name="home")]
