"""Real worker processes that serve queues apart from each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.models import Workspace
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from tests import services
from tests.executions.conftest import Engine, definition, node

pytestmark = pytest.mark.integration


@contextmanager
def serving(queues: str) -> Iterator[None]:
    """A worker as an operator starts it."""
    run = services.Run(**json.loads(os.environ[services.RUN]))
    environment = os.environ | {
        "DATABASE_URL": run.database(connection.settings_dict["NAME"], run.app_url),
        "REDIS_URL": run.redis_url,
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
    }
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--pool", "threads", "-Q", queues]
    options = ["--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    process = subprocess.Popen(
        [*command, *options], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


QUEUES = ("bulk", "default", "ai")


def test_a_worker_runs_what_is_in_its_queues_and_nothing_else(committed_db: None, workspace: Workspace) -> None:
    engine = Engine(workspace)
    origin = engine.publish(definition([node("t", "TRIGGER.MANUAL")], []))
    ids: dict[str, list[UUID]] = {}

    def begun() -> set[str]:
        ours = [each for found in ids.values() for each in found]
        with tenant(workspace.id):
            return set(Execution.objects.filter(id__in=ours).exclude(status="NEW").values_list("queue", flat=True))

    deadline = time.monotonic() + 45
    while time.monotonic() < deadline:  # a worker of a test before this may still be going: until nobody works here
        ids = {queue: [engine.start(replace(origin, queue=queue)) for _ in range(3)] for queue in QUEUES}
        time.sleep(1.5)
        if not begun():
            break
    with serving("bulk"):
        for each in ids["bulk"]:
            engine.until(each, seconds=60)
        time.sleep(1.2)  # and it looks around once more
        assert begun() == {"bulk"}
    with serving("default,ai"):
        for each in (*ids["default"], *ids["ai"]):
            engine.until(each, seconds=60)
