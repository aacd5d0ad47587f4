"""A credential can be hidden from somebody."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import veil


class Migration(migrations.Migration):
    """See `apps.accounts.access.objects`."""

    dependencies = [("integrations", "0002_oauth"), ("accounts", "0003_people")]
    operations = [veil("integrations_credential", column="id")]
