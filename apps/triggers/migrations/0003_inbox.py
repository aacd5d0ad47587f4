from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("triggers", "0002_events")]

    operations = []
