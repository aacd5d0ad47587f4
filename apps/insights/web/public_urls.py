"""Addresses of the small systems that the demo's workflows call."""

from __future__ import annotations

from django.urls import path

from apps.insights.demo import views

urlpatterns = [
    path("demo/stock", views.stock, name="demo-stock"),
    path("demo/shipments", views.shipments, name="demo-shipments"),
    path("demo/slow", views.slow, name="demo-slow"),
]
