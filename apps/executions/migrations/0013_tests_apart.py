from django.db import migrations

from apps.core.tenancy import definer
from apps.executions.migrations import _functions_0006, _functions_0013


class Migration(migrations.Migration):
    dependencies = [("executions", "0012_lists")]

    operations = [
        migrations.RunSQL(
            _functions_0013.PLACE_FREED, _functions_0006.PLACE_FREED.partition("CREATE TRIGGER")[0], elidable=False
        ),
        definer("executions_sweep(double precision)", _functions_0013.SWEEP),
    ]
