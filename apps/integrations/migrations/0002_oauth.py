"""What OAuth 2 gives for credentials, and who is on the way there."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# Whoever comes back from a provider names no workspace, only the state that was sent along.
_CONNECTING = """
CREATE OR REPLACE FUNCTION integrations_connecting_of(p_state_digest text)
RETURNS TABLE (workspace_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.workspace_id, c.id FROM integrations_connecting c WHERE c.state_digest = p_state_digest
$$;
"""


def _id() -> models.UUIDField[object, object]:
    return models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False)


def _to(model: str) -> models.ForeignKey[object, object]:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=model)


class Migration(migrations.Migration):
    """The two tables and the function that finds one across workspaces."""

    dependencies = [
        ("integrations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", _id()),
                ("sealed", models.BinaryField()),
                ("account", models.CharField(blank=True, max_length=200)),
                ("scope", models.CharField(blank=True, max_length=2_000)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("expires_at", models.DateTimeField(null=True)),
                ("renew_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("retry_at", models.DateTimeField(null=True)),
                ("is_in_doubt", models.BooleanField(default=False)),
                ("connected_at", models.DateTimeField()),
                ("renewed_at", models.DateTimeField(null=True)),
                ("broken_at", models.DateTimeField(null=True)),
                (
                    "connected_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "credential",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grant", to="integrations.credential"
                    ),
                ),
                ("workspace", _to("accounts.workspace")),
            ],
            options={"db_table": "integrations_grant"},
        ),
        migrations.CreateModel(
            name="Connecting",
            fields=[
                ("id", _id()),
                ("sealed", models.BinaryField()),
                ("state_digest", models.CharField(max_length=64, unique=True)),
                ("session_digest", models.CharField(max_length=64)),
                ("credential_changed_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("credential", _to("integrations.credential")),
                ("user", _to(settings.AUTH_USER_MODEL)),
                ("workspace", _to("accounts.workspace")),
            ],
            options={"db_table": "integrations_connecting"},
        ),
        protect("integrations_grant"),
        protect("integrations_connecting"),
        definer("integrations_connecting_of(text)", _CONNECTING),
    ]
