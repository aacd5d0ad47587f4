"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.accounts.web import notices, views

urlpatterns = [
    path("notifications/", notices.Notifications.as_view(), name="notifications"),
    path("notifications/bell/", notices.Bell.as_view(), name="notifications-bell"),
    path("notifications/read/", notices.NotificationsRead.as_view(), name="notifications-read"),
    path("notifications/<uuid:notice>/", notices.NotificationOpen.as_view(), name="notification"),
    path("settings/", views.Settings.as_view(), name="settings"),
    path("settings/members/", views.Members.as_view(), name="members"),
    path("settings/members/<uuid:membership>/role/", views.MemberRole.as_view(), name="member-role"),
    path("settings/members/<uuid:membership>/remove/", views.MemberRemove.as_view(), name="member-remove"),
    path("settings/keys/", views.Keys.as_view(), name="keys"),
    path("settings/keys/<uuid:key>/revoke/", views.KeyRevoke.as_view(), name="key-revoke"),
    path("settings/profile/", views.Profile.as_view(), name="profile"),
]
