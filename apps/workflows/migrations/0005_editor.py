"""What the editor keeps."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("workflows", "0004_folders")]
    operations = []
