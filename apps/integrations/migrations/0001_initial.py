from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_key_of_the_inactive")]

    operations = []
