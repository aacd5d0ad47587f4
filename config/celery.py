"""The Celery application: `celery -A config worker` runs executions, `celery -A config beat` ticks."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("agentflow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def _give_workers_a_dispatcher(sender: Celery, **_: object) -> None:
    from apps.executions.worker.bootstep import DispatcherStep

    sender.steps["worker"].add(DispatcherStep)
