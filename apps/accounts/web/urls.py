"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.accounts.web import audit, members, notices, profile, security, views, workspaces

urlpatterns = [
    path("notifications/", notices.Notifications.as_view(), name="notifications"),
    path("notifications/bell/", notices.Bell.as_view(), name="notifications-bell"),
    path("notifications/read/", notices.NotificationsRead.as_view(), name="notifications-read"),
    path("notifications/<uuid:notice>/", notices.NotificationOpen.as_view(), name="notification"),
    path("settings/", views.Settings.as_view(), name="settings"),
    path("settings/workspace/", workspaces.WorkspaceSettings.as_view(), name="workspace-settings"),
    path("settings/workspace/leave/", workspaces.WorkspaceLeave.as_view(), name="workspace-leave"),
    path("settings/workspace/hand-over/", workspaces.WorkspaceHandOver.as_view(), name="workspace-hand-over"),
    path("settings/workspace/close/", workspaces.WorkspaceClose.as_view(), name="workspace-close"),
    path("settings/members/", members.Members.as_view(), name="members"),
    path("settings/members/invite/", members.Invite.as_view(), name="invite"),
    path("settings/members/<uuid:membership>/role/", members.MemberRole.as_view(), name="member-role"),
    path("settings/members/<uuid:membership>/remove/", members.MemberRemove.as_view(), name="member-remove"),
    path(
        "settings/invitations/<uuid:invitation>/resend/",
        members.InvitationResend.as_view(),
        name="invitation-resend",
    ),
    path(
        "settings/invitations/<uuid:invitation>/revoke/",
        members.InvitationRevoke.as_view(),
        name="invitation-revoke",
    ),
    path("settings/roles/", members.Roles.as_view(), name="roles"),
    path("people/<uuid:user>/picture/<slug:version>/", members.PersonPicture.as_view(), name="person-picture"),
    path("settings/keys/", views.Keys.as_view(), name="keys"),
    path("settings/keys/<uuid:key>/revoke/", views.KeyRevoke.as_view(), name="key-revoke"),
    path("settings/profile/", profile.Profile.as_view(), name="profile"),
    path("tours/<slug:tour>/seen/", profile.TourSeen.as_view(), name="tour-seen"),
    path("settings/profile/picture/", profile.ProfilePicture.as_view(), name="profile-picture"),
    path("settings/profile/delete/", profile.AccountDelete.as_view(), name="account-delete"),
    path(
        "settings/notifications/",
        profile.NotificationPreferences.as_view(),
        name="notification-preferences",
    ),
    path("settings/sessions/", profile.Sessions.as_view(), name="sessions"),
    path("settings/security/", security.Security.as_view(), name="security"),
    path("settings/sign-in/", security.SignInRules.as_view(), name="sign-in-rules"),
    path("settings/audit/", audit.AuditLog.as_view(), name="audit"),
]
