"""What agents remember."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """To be filled."""

    dependencies = [("ai", "0002_ledger")]
    operations = []
