"""What vendors send, and which account of theirs a connection is."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import definer, protect

# A vendor names its own account, never our workspace.
_GRANTS_OF = """
CREATE OR REPLACE FUNCTION integrations_grants_of(p_type text, p_account text)
RETURNS TABLE (workspace_id uuid, credential_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.workspace_id, g.credential_id
    FROM integrations_grant g JOIN integrations_credential c ON c.id = g.credential_id
    WHERE g.external_id = p_account AND c.type = p_type AND g.broken_at IS NULL
    ORDER BY g.connected_at DESC LIMIT 20
$$;
"""


class Migration(migrations.Migration):
    """See `apps.integrations.inbound`."""

    dependencies = [("integrations", "0003_sharing")]
    operations = [
        migrations.AddField(
            model_name="grant",
            name="external_id",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="what the vendor calls the account", max_length=200
            ),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(
                condition=~models.Q(external_id=""), fields=["external_id"], name="integrations_grant_account"
            ),
        ),
        migrations.CreateModel(
            name="VendorDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("vendor", models.CharField(max_length=40)),
                ("external_id", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=100)),
                ("body", models.JSONField(default=dict)),
                ("received_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.credential"
                    ),
                ),
            ],
            options={"db_table": "integrations_vendor_delivery", "verbose_name_plural": "vendor deliveries"},
        ),
        migrations.AddConstraint(
            model_name="vendordelivery",
            constraint=models.UniqueConstraint(
                fields=["workspace", "vendor", "external_id"], name="integrations_delivery_once"
            ),
        ),
        migrations.AddIndex(
            model_name="vendordelivery",
            index=models.Index(fields=["workspace", "received_at"], name="integrations_delivery_age"),
        ),
        protect("integrations_vendor_delivery"),
        definer("integrations_grants_of(text, text)", _GRANTS_OF),
    ]
