"""Pages below a workspace: `/w/<slug>/…`."""

from __future__ import annotations

from django.urls import path

from apps.integrations.web import connecting, sharing, views

urlpatterns = [
    path("integrations/", views.CredentialList.as_view(), name="credentials"),
    path("integrations/new/", views.CredentialTypes.as_view(), name="credential-types"),
    path("integrations/new/<slug:type>/", views.CredentialNew.as_view(), name="credential-new"),
    path("integrations/<uuid:credential>/", views.CredentialDetail.as_view(), name="credential"),
    path("integrations/<uuid:credential>/sharing/", sharing.CredentialSharing.as_view(), name="credential-sharing"),
    path("integrations/<uuid:credential>/test/", views.CredentialTest.as_view(), name="credential-test"),
    path("integrations/<uuid:credential>/delete/", views.CredentialDelete.as_view(), name="credential-delete"),
    path("integrations/<uuid:connection>/connect/", connecting.Connect.as_view(), name="credential-connect"),
    path("integrations/<uuid:connection>/disconnect/", connecting.Disconnect.as_view(), name="credential-disconnect"),
]
