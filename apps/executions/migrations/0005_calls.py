from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("executions", "0004_links")]

    operations = []
