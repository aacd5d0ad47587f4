"""What the engine counts for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import Error, connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from apps.core.telemetry import metrics

access = logging.getLogger("agentflow.access")

EXECUTIONS = metrics.counter("workflow_executions_total", "Executions that have ended.", ("status", "mode"))
EXECUTION_SECONDS = metrics.histogram(
    "workflow_execution_duration_seconds",
    "From the first step of an execution to its end, waits included.",
    ("status",),
    metrics.LONG_SECONDS,
)
START_SECONDS = metrics.histogram(
    "workflow_start_delay_seconds", "From the moment an execution was written to its first step."
)
NODE_SECONDS = metrics.histogram(
    "node_run_duration_seconds", "One attempt of a node that does something itself.", ("type", "outcome")
)


def ended(*, status: str, mode: str, started_at: datetime | None, at: datetime) -> None:
    """An execution has ended."""
    seconds = 0.0 if started_at is None else max(0.0, (at - started_at).total_seconds())
    EXECUTIONS.labels(status, mode).inc()
    EXECUTION_SECONDS.labels(status).observe(seconds)
    access.info("execution ended as %s after %.3f s", status, seconds)


class Backlog(Collector):
    """What is in the database at the moment: asked at each look, so every web server tells the same."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is to tell needs the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """How much is queued, under way and parked, and how many workers serve it. Nothing while the database is away,
        so that the process's own figures are still told.
        """
        queued = GaugeMetricFamily("queue_depth", "Executions that are due and wait for a worker.", labels=["queue"])
        held = GaugeMetricFamily("workflow_executions_held", "Executions that wait for a place.", labels=["queue"])
        unfinished = GaugeMetricFamily("workflow_executions_unfinished", "By status.", labels=["status"])
        workers = GaugeMetricFamily("workers", "Worker processes that are alive.")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT kind, label, number FROM executions_backlog()")
                for kind, label, number in cursor.fetchall():
                    if kind == "workers":
                        workers.add_metric([], number)
                    else:
                        {"queued": queued, "held": held, "status": unfinished}[kind].add_metric([label], number)
        except Error:
            connection.close()
            return []
        return [queued, held, unfinished, workers]


metrics.asked(Backlog())
