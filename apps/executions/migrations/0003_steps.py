from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("executions", "0002_claim_and_sweep")]

    operations = []
