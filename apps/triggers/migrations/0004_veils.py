"""Who may not see a workflow sees nothing of its triggers either; tests of webhooks are counted by themselves."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer, veil
from apps.triggers.migrations import _functions_0004 as sql


class Migration(migrations.Migration):
    """Policies, and a function."""

    dependencies = [("triggers", "0003_inbox")]
    operations = [
        *(veil(f"triggers_{name}", column="workflow_id") for name in ("delivery", "switch", "listening", "schedule")),
        definer("triggers_delivery_note(text, jsonb, int, int)", sql.NOTE),
    ]
