"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.hil.web import views

urlpatterns = [
    path("inbox/", views.Inbox.as_view(), name="inbox"),
    path("inbox/list/", views.InboxList.as_view(), name="inbox-list"),
    path("inbox/count/", views.InboxCount.as_view(), name="inbox-count"),
    path("inbox/<uuid:interaction>/", views.OneQuestion.as_view(), name="interaction"),
    path("inbox/<uuid:interaction>/standing/", views.Standing.as_view(), name="interaction-standing"),
    path("inbox/<uuid:interaction>/link/", views.NewLink.as_view(), name="interaction-link"),
]
