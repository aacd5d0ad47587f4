"""The page on which a credential is shared with chosen people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.access.objects import Kind
from apps.accounts.access.permissions import Permission
from apps.accounts.access.sharing import SharingPage
from apps.integrations import selectors
from apps.integrations.errors import CredentialUnknown
from apps.integrations.models import Credential


class CredentialSharing(SharingPage):
    """Who may use it and change it. A private one is its owner's alone, and is not shared."""

    permission = Permission.CREDENTIAL_READ
    post_permission = Permission.CREDENTIAL_MANAGE
    kind = Kind.CREDENTIAL
    active = "integrations"
    menu_under = "credentials"

    def found(self, object_id: UUID) -> Credential:
        """The credential. Raises `CredentialUnknown`."""
        row = selectors.credential(self.workspace.id, self.actor, object_id)
        if row.is_private:
            raise CredentialUnknown
        return row

    def here(self, object_id: UUID) -> str:
        """The address of this page."""
        return reverse("credential-sharing", args=[self.workspace.slug, object_id])

    def drawn(self, found: Any, context: dict[str, Any]) -> HttpResponse:
        """The page."""
        return self.render("integrations/sharing.html", context | {"credential": found})
