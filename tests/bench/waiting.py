"""Ten thousand executions that wait for people: what they cost, how quick the inbox is, and that a kill loses none."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.bench import processes
from tests.bench.pages import signed_in
from tests.bench.product import ROOT, Product, product
from tests.chaos.world import free_port

Json = dict[str, Any]
CONCURRENCY, TIMES = 30, 9
ONE_BY_ONE, TOGETHER = 500, 100
COUNT = [sys.executable, "-m", "tests.bench.counting"]
PAGES = (
    ("inbox/", "inbox"),
    ("inbox/?tab=all", "inbox, everybody's"),
    ("inbox/?q=order+77", "inbox, searched"),
    ("inbox/count/", "the number in the menu"),
    ("inbox/bulk/", "several at once"),
)
QUESTION = {
    "title": "Ship order {{ $json.body.id }}?",
    "data": "{{ $json.body }}",
    "can_bulk": True,
    "timeout_seconds": 604_800,
    "reminders": [50],
}
DEFINITION = {
    "nodes": [
        {
            "id": "hook",
            "name": "Order",
            "type": "TRIGGER",
            "subtype": "WEBHOOK",
            "params": {"path": "waiting", "method": "POST", "respond": "immediately"},
        },
        {"id": "ask", "name": "Ask", "type": "HUMAN_IN_THE_LOOP", "subtype": "CONFIRMATION", "params": QUESTION},
        {
            "id": "ship",
            "name": "Ship",
            "type": "ACTION",
            "subtype": "TRANSFORM",
            "params": {"fields": [{"name": "shipped", "value": True}]},
        },
    ],
    "connections": [{"from": "hook", "port": "main", "to": "ask"}, {"from": "ask", "port": "approved", "to": "ship"}],
    "settings": {"while_paused": "allow"},
}


def main(count: int = 10_000) -> str:
    """Measure; the table and the words as Markdown."""
    load = os.getloadavg()[0]
    with product(free_port(), "") as target:
        made = target.call("POST", "/api/v1/app/workflows", {"name": "Orders that wait", "definition": DEFINITION})[
            "id"
        ]
        target.call("POST", f"/api/v1/app/workflows/{made}/activate")
        before = processes.total(processes.usage(target.pid)).pss
        began = time.perf_counter()
        asyncio.run(_post(f"{target.base}/webhooks/demo/waiting", ({"id": at} for at in range(count))))
        while (waiting := _counted(target)) < count:
            _patience(began, 1_800, f"{waiting:,} of {count:,} wait")
        asked = time.perf_counter() - began
        time.sleep(5)
        memory = processes.total(processes.usage(target.pid)).pss - before
        rows, asked_of = _pages(target), _waiting(target, made)
        for pid in processes.of_roles(target.pid, ("web", "worker", "beat")):
            os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        while not target.is_up():
            _patience(began, 120, "not up again")
        back = time.perf_counter() - began
        lost = {*asked_of} - {*_waiting(target, made)}
        answered = _answered(target, made, asked_of)
    words = (
        f"Measured {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load average {load:.1f} when it "
        f"began. {count:,} executions started by webhook all "
        f"waited for a person after {asked:.0f} s; all processes together had {memory:+.0f} MB then. Killed with "
        f"`kill -9` (web, workers, scheduler), the product was back after {back:.1f} s; of {len(asked_of):,} "
        f"questions {len(lost)} were lost. {answered}"
    )
    lines = ["| with all of them waiting | statements | ms inside | ms by HTTP, median |", "|---|--:|--:|--:|"]
    lines += [f"| {row['name']} | {row['queries']} | {row['ms']:.0f} | {row['http']:.0f} |" for row in rows]
    text = "\n".join([words, "", *lines])
    print(text, flush=True)
    return text


async def _post(url: str, bodies: Iterable[Json], key: str = "") -> int:
    """Post all, some at once. How many were refused."""
    left, refused = iter(bodies), 0
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY), headers=headers) as session:

        async def worker() -> None:
            nonlocal refused
            for body in left:
                async with session.post(body.pop("url", url), json=body) as response:
                    refused += response.status >= 300
                    await response.read()

        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return refused


def _patience(began: float, seconds: float, words: str) -> None:
    if time.perf_counter() - began > seconds:
        raise RuntimeError(f"{words} after {seconds:.0f} s.")
    time.sleep(0.2)


def _counted(target: Product) -> int:
    """How many questions wait, as the inbox counts them."""
    session = signed_in_once(target)
    page = _read(target, session, "inbox/count/").decode()
    digits = "".join(each for each in page.partition(">")[2].partition("<")[0] if each.isdigit())
    return int(digits or 0)


_SESSIONS: dict[str, str] = {}


def signed_in_once(target: Product) -> str:
    """The session of the workspace's owner, as a cookie."""
    if target.base not in _SESSIONS:
        cookie = signed_in(target)
        _SESSIONS[target.base] = f"{cookie.name}={cookie.value}"
    return _SESSIONS[target.base]


def _read(target: Product, session: str, path: str) -> bytes:
    request = urllib.request.Request(f"{target.base}/w/demo/{path}", headers={"Cookie": session})
    with urllib.request.urlopen(request, timeout=30) as response:
        found: bytes = response.read()
    return found


def _pages(target: Product) -> list[Json]:
    session = signed_in_once(target)
    paths = [f"/w/demo/{path}" for path, _ in PAGES]
    inside = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.bench.counting",
            session.partition("=")[2],
            target.base.partition("//")[2],
            *paths,
        ],
        env=target.environment,
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    rows = json.loads(inside.stdout.splitlines()[-1])
    for row, (path, name) in zip(rows, PAGES, strict=True):
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            _read(target, session, path)
            took.append((time.perf_counter() - began) * 1_000)
        row |= {"name": name, "http": statistics.median(took)}
    return list(rows)


def _answered(target: Product, workflow: str, waiting: list[str]) -> str:
    """Answer some from all over by API and a page full at once, and see all of them end."""
    some = random.Random(6).sample(waiting, min(ONE_BY_ONE, len(waiting) // 2))
    url = f"{target.base}/api/v1/app/interactions"
    bodies = ({"url": f"{url}/{each}/answer", "outcome": "approved"} for each in some)
    began = time.perf_counter()
    refused = asyncio.run(_post("", bodies, target.key))
    _settled(target, workflow, len(some))
    one_by_one = time.perf_counter() - began
    ticked = [each for each in waiting if each not in set(some)][:TOGETHER]
    began = time.perf_counter()
    _tick(target, ticked)
    _settled(target, workflow, len(some) + len(ticked))
    together = time.perf_counter() - began
    return (
        f"Then {len(some)} were answered one by one ({CONCURRENCY} at once) and had gone on to their end after "
        f"{one_by_one:.1f} s, {len(ticked)} with one press in the inbox after {together:.1f} s; {refused} refused, "
        f"{len(_waiting(target, workflow)):,} still waited."
    )


def _waiting(target: Product, workflow: str) -> list[str]:
    """The questions of a workflow that wait."""
    return [row["id"] for row in _all(target, f"interactions/?status=pending&workflow_id={workflow}")]


def _settled(target: Product, workflow: str, count: int) -> None:
    began = time.perf_counter()
    while (ended := len(_all(target, f"executions/?status=SUCCESS&workflow={workflow}"))) < count:
        _patience(began, 120, f"{ended} of {count} ended")


def _all(target: Product, path: str) -> list[Json]:
    found: list[Json] = []
    url: str | None = f"/api/v1/app/{path}&page_size=200"
    while url:
        page = target.call("GET", url)
        found += page["results"]
        url = page["next"] and page["next"].removeprefix(target.base)
    return found


def _tick(target: Product, ids: list[str]) -> None:
    session = signed_in_once(target)
    request = urllib.request.Request(f"{target.base}/w/demo/inbox/bulk/", headers={"Cookie": session})
    with urllib.request.urlopen(request, timeout=30) as response:
        cookie = response.headers.get("Set-Cookie", "").partition(";")[0]
        token = response.read().decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    body = "&".join([f"csrfmiddlewaretoken={token}", "outcome=approved", *(f"question={each}" for each in ids)])
    headers = {"Cookie": "; ".join(filter(None, (session, cookie))), "Referer": target.base}
    sent = urllib.request.Request(f"{target.base}/w/demo/inbox/bulk/", data=body.encode(), headers=headers)
    with urllib.request.urlopen(sent, timeout=60) as response:
        response.read()
