"""W7: everything is killed with `kill -9` in the middle of two hundred executions; how long until it answers again."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench import processes
from tests.bench.product import Product, install
from tests.bench.workloads import w1, w4

Json = dict[str, Any]
EXECUTIONS = 200
ENDED = {"SUCCESS", "ERROR", "CANCELED", "TIMED_OUT"}


@dataclass(frozen=True)
class Killed:
    """`back_after`: seconds from the kill to the first webhook answered. `lost`: did not end, or not well."""

    executions: int
    calls_at_kill: int
    back_after: float
    finished_after: float
    lost: int


def measure(target: Product, slow_url: str) -> Json:
    """Start them, kill the web and worker processes when half of the calls were seen, and wait for the rest."""
    fan = w4(slow_url)
    nodes = [{**fan.definition["nodes"][0], "params": {"path": "w7", "method": "POST", "respond": "immediately"}}]
    nodes += [each for each in fan.definition["nodes"][1:] if each["id"] != "answer"]
    edges = [each for each in fan.definition["connections"] if each["to"] != "answer"]
    name = f"{fan.name}-killed"
    made = target.call(
        "POST",
        "/api/v1/app/workflows",
        {"name": name, "definition": {"nodes": nodes, "connections": edges, "settings": fan.definition["settings"]}},
    )
    target.call("POST", f"/api/v1/app/workflows/{made['id']}/activate")
    echo = w1()
    try:
        _post(f"{target.base}/webhooks/demo/{echo.name}", echo.body)
    except urllib.error.HTTPError:
        install(target, echo)
    before = _calls(slow_url)
    senders = [threading.Thread(target=_start, args=(target, at, EXECUTIONS // 10), daemon=True) for at in range(10)]
    for sender in senders:
        sender.start()
    while _calls(slow_url) - before < EXECUTIONS * 5 // 2:
        time.sleep(0.01)
    for sender in senders:
        sender.join()
    seen = _calls(slow_url) - before
    for pid in processes.of_roles(target.pid, ("web", "worker", "beat")):
        os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    while not _answers(f"{target.base}/webhooks/demo/{echo.name}", echo.body):
        time.sleep(0.05)
    back = time.monotonic() - began
    while time.monotonic() - began < 60:
        if all(status in ENDED for status in _statuses(target, made["id"])):
            break
        time.sleep(0.5)
    ended = _statuses(target, made["id"])
    lost = EXECUTIONS - sum(status == "SUCCESS" for status in ended)
    return asdict(Killed(EXECUTIONS, seen, round(back, 1), round(time.monotonic() - began, 1), lost))


def line(row: Json) -> str:
    """The row in words."""
    return (
        f"W7, web, worker and scheduler killed with `kill -9` when {row['calls_at_kill']} of "
        f"{row['executions'] * 5:,} calls of {row['executions']} executions were seen: first webhook answered "
        f"{row['back_after']} s later, all finished after {row['finished_after']} s; {row['lost']} lost."
    )


def _start(target: Product, at: int, count: int) -> None:
    for index in range(count):
        _post(f"{target.base}/webhooks/demo/w7", {"n": at * 1_000 + index})


def _post(url: str, body: Json) -> None:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        response.read()


def _answers(url: str, body: Json) -> bool:
    try:
        _post(url, body)
    except OSError:
        return False
    return True


def _calls(slow_url: str) -> int:
    with urllib.request.urlopen(slow_url.removesuffix("/slow") + "/log", timeout=5) as response:
        found: int = json.loads(response.read())["calls"]
    return found


def _statuses(target: Product, workflow_id: str) -> list[str]:
    found: list[str] = []
    url: str | None = f"/api/v1/app/executions/?workflow={workflow_id}&page_size=200"
    while url:
        page = target.call("GET", url)
        found += [row["status"] for row in page["results"]]
        url = page["next"] and page["next"].removeprefix(target.base)
    return found
