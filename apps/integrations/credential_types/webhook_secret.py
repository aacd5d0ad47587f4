"""What both ends of a webhook know."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from apps.integrations.declare import CredentialFields, CredentialType


class WebhookSecret(CredentialType):
    """The secret a webhook's deliveries are signed with, or that they carry in a header.

    Only the other side can tell whether it is the right one: there is nobody to ask.
    """

    type, name, icon = "webhook_secret", "Webhook secret", "webhook"
    fits = frozenset({"webhook"})
    has_test = False

    class Fields(CredentialFields):
        secret: Annotated[SecretStr, Field(min_length=8, max_length=5_000)]
        """The secret, exactly as the other side knows it."""
