"""The questions of a hidden workflow are hidden with it."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import veil


class Migration(migrations.Migration):
    """See `apps.accounts.access.objects`."""

    dependencies = [("hil", "0001_initial"), ("workflows", "0003_sharing")]
    operations = [veil("hil_interaction", column="workflow_id")]
