"""Webhooks find a workspace under the addresses it had before, and none that is closed."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer
from apps.triggers.migrations import _functions_0005 as sql


class Migration(migrations.Migration):
    """See `accounts.FormerSlug`."""

    dependencies = [("triggers", "0004_veils"), ("accounts", "0003_people")]
    operations = [
        definer("triggers_webhook_find(text, text, text)", sql.WEBHOOK_FIND),
        definer("triggers_listening_find(text, text)", sql.LISTENING_FIND),
        definer("triggers_delivery_note(text, jsonb, int, int)", sql.NOTE),
    ]
