"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.accounts.api import audit, notices, people, views, workspaces
from apps.core.api.routers import Router

router = Router()
router.register("members", people.Members, basename="member")
router.register("invitations", people.Invitations, basename="invitation")
router.register("keys", views.Keys, basename="key")
router.register("notices", notices.Notices, basename="notice")
router.register("audit-events", audit.AuditLog, basename="audit-event")

urlpatterns = [
    path("me/", people.Me.as_view(), name="me"),
    path("roles/", people.Roles.as_view(), name="role-list"),
    path("workspaces/", workspaces.Workspaces.as_view(), name="workspace-list"),
    path("workspace/", workspaces.CurrentWorkspace.as_view(), name="workspace-current"),
    path("workspace/close/", workspaces.Close.as_view(), name="workspace-closed"),
    path("workspace/leave/", workspaces.Leave.as_view(), name="workspace-left"),
    path("workspace/hand-over/", workspaces.HandOver.as_view(), name="workspace-handed-over"),
    path("audit-events/export/", audit.export_view, name="audit-export"),
    *router.urls,
]
