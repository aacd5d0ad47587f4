"""Workflows in folders, with tags."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("workflows", "0003_sharing")]
    operations = []
