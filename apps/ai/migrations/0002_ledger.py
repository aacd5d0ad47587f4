"""What calls of models cost, and what they may."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """To be filled."""

    dependencies = [("ai", "0001_choices")]
    operations = []
