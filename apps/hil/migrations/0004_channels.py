"""Where questions are sent, and what comes back."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("hil", "0003_people")]
    operations = []
