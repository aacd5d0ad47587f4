"""Claims that lock no more than they take, and sweeps that wait for nobody, for databases made before."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer
from apps.executions.migrations import _functions


class Migration(migrations.Migration):
    dependencies = [("executions", "0001_initial")]

    operations = [
        definer(signature, _functions.DEFINERS[signature])
        for signature in ("executions_claim(uuid, text[], int)", "executions_sweep(double precision)")
    ]
