"""A second factor can be asked of everybody, a workspace can have a plan, and keys know where they were used."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models

from apps.accounts.migrations import _functions_0004
from apps.core.tenancy import definer


class Migration(migrations.Migration):
    """What `resolve` needs to know about a workspace and a key comes along with what it asks for anyway."""

    dependencies = [("accounts", "0003_people")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="requires_second_factor",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="workspace",
            name="plan",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="apikey",
            name="places",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=50), db_default=[], default=list, size=None
            ),
        ),
        *(
            migrations.RunSQL(f"DROP FUNCTION {signature}", reverse_sql=migrations.RunSQL.noop)
            for signature in _functions_0004.DEFINERS
        ),
        *(definer(signature, body) for signature, body in _functions_0004.DEFINERS.items()),
    ]
