"""The address a recipient answers at: their own one-time link, or the page that asks them to sign in."""

from __future__ import annotations

import base64
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from apps.accounts.services import token_hash
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.hil.channels.contract import Job
from apps.hil.models import Ask, Assurance, Interaction, InteractionLink
from apps.hil.services import LINK_LIFETIME

PURPOSE = "apps.hil.link"


def token_of(interaction: Interaction, ask: Ask, expires_at: datetime) -> str:
    """The token of whoever is asked: 256 bits, the same at every try, of this question, this person and this end alone.

    It can be made again from the product's secret key and is kept nowhere but as a hash.
    """
    value = f"{interaction.workspace_id}:{interaction.id}:{ask.id}:{expires_at.isoformat()}"
    digest = salted_hmac(PURPOSE, value, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def address_for(job: Job) -> str:
    """Where the recipient of a delivery answers.

    Somebody who is asked gets a link that works once, for them, until the deadline. Who has to be signed in, and a
    member of a workspace where everybody is asked, gets the page in the inbox.
    """
    row, ask = job.interaction, job.delivery.ask
    if ask is None or row.assurance > Assurance.RECIPIENT:
        return f"{settings.BASE_URL}{reverse('interaction', args=[job.workspace.slug, row.id])}"
    expires_at = row.deadline_at or row.created_at + LINK_LIFETIME
    token = token_of(row, ask, expires_at)
    with tenant(row.workspace_id):
        InteractionLink.objects.get_or_create(
            hash=token_hash(token),
            defaults={
                "id": uuid7(),
                "workspace_id": row.workspace_id,
                "interaction_id": row.id,
                "ask_id": ask.id,
                "recipient": ask.label[:200],
                "created_at": job.now,
                "expires_at": expires_at,
            },
        )
    return f"{settings.BASE_URL}/i/{token}/"
