"""The Celery application: `celery -A config worker` runs executions, `celery -A config beat` ticks."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_ready

from config import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("agentflow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# What beat ticks; the schedules of workflows are rows of `triggers`, not of beat. Old ticks are dropped.
app.conf.beat_schedule = {
    "triggers.fire_due": {"task": "triggers.fire_due", "schedule": 1.0, "options": {"expires": 2.0}},
    "triggers.purge_events": {"task": "triggers.purge_events", "schedule": 3600.0, "options": {"expires": 600.0}},
    "triggers.purge_deliveries": {
        "task": "triggers.purge_deliveries",
        "schedule": 3600.0,
        "options": {"expires": 600.0},
    },
    "executions.sweep_values": {"task": "executions.sweep_values", "schedule": 300.0, "options": {"expires": 300.0}},
    "executions.retain": {"task": "executions.retain", "schedule": 10.0, "options": {"expires": 10.0}},
    "executions.keep_partitions": {
        "task": "executions.keep_partitions",
        "schedule": 3600.0,
        "options": {"expires": 600.0},
    },
    "executions.count_usage": {"task": "executions.count_usage", "schedule": 120.0, "options": {"expires": 60.0}},
    "executions.forget_usage": {"task": "executions.forget_usage", "schedule": 86400.0, "options": {"expires": 3600.0}},
    "accounts.forget_audit": {"task": "accounts.forget_audit", "schedule": 3600.0, "options": {"expires": 600.0}},
    "accounts.forget_sessions": {
        "task": "accounts.forget_sessions",
        "schedule": 86400.0,
        "options": {"expires": 3600.0},
    },
    "accounts.forget_notices": {"task": "accounts.forget_notices", "schedule": 3600.0, "options": {"expires": 600.0}},
    "ai.lose_calls": {"task": "ai.lose_calls", "schedule": 300.0, "options": {"expires": 300.0}},
    "ai.forget_calls": {"task": "ai.forget_calls", "schedule": 60.0, "options": {"expires": 60.0}},
    "hil.read_mailboxes": {"task": "hil.read_mailboxes", "schedule": 15.0, "options": {"expires": 15.0}},
    "ai.forget_comparisons": {"task": "ai.forget_comparisons", "schedule": 3600.0, "options": {"expires": 600.0}},
    "ai.forget_memories": {"task": "ai.forget_memories", "schedule": 600.0, "options": {"expires": 600.0}},
    "insights.look_for_notices": {"task": "insights.look_for_notices", "schedule": 60.0, "options": {"expires": 60.0}},
    "insights.pulse": {"task": "insights.pulse", "schedule": 5.0, "options": {"expires": 5.0}},
}


@app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def _give_workers_a_dispatcher(sender: Celery, **_: object) -> None:
    from apps.ai.tasks import tend as tend_models
    from apps.core import relay
    from apps.executions.redrives import redrives_work
    from apps.executions.worker.bootstep import DispatcherStep, WakeStep
    from apps.hil.services import pump as questions
    from apps.triggers.replays import replays_work
    from apps.triggers.tasks import deliver_late, fire_due

    DispatcherStep.sweeps = (*DispatcherStep.sweeps, fire_due, deliver_late, redrives_work, replays_work, relay.tend)
    DispatcherStep.sweeps = (*DispatcherStep.sweeps, questions.tend, tend_models)
    sender.steps["worker"].add(DispatcherStep)
    sender.steps["consumer"].add(WakeStep)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _settle(**_: object) -> None:
    from apps.ai import gateway

    garbage.settle()
    gateway.warm()
