"""Pulled models, and one prompt on several models."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """To be filled."""

    dependencies = [("ai", "0003_memory")]
    operations = []
