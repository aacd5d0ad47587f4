"""Who is asked, by when, and what they said."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("hil", "0002_sharing")]
    operations = []
