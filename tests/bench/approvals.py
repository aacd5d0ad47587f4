"""W6: a thousand executions answer with the address they wait at; then each is called, and all finish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.bench.workloads import w6

if TYPE_CHECKING:
    from tests.bench.product import Product

Json = dict[str, Any]


@dataclass(frozen=True)
class Approvals:
    """Seconds: to start all, to call all, and from the first call until the last execution has finished."""

    requests: int
    concurrency: int
    wrong: int
    start_all: float
    call_all: float
    finish_all: float


def measure(target: Product, *, requests: int = 1_000, concurrency: int = 50) -> Json:
    """One row. The workload must be live."""
    url = f"{target.base}/webhooks/demo/{w6().name}"
    began = time.perf_counter()
    started = asyncio.run(_post(((url, {"id": at}) for at in range(requests)), concurrency))
    start_all = time.perf_counter() - began
    calls = [(answer["resume"], {"approved": True}) for status, answer in started if status == 200]
    _settle(target, "NEW", "RUNNING")
    began = time.perf_counter()
    called = asyncio.run(_post(calls, concurrency))
    call_all = time.perf_counter() - began
    _settle(target, "NEW", "RUNNING", "WAITING")
    finish_all = time.perf_counter() - began
    wrong = 2 * requests - len(calls) - sum(status == 200 for status, _ in called)
    seconds = [round(each, 2) for each in (start_all, call_all, finish_all)]
    return {"workload": "w6", **asdict(Approvals(requests, concurrency, wrong, *seconds))}


async def _post(todo: Iterable[tuple[str, Json]], concurrency: int) -> list[tuple[int, Json]]:
    left = iter(todo)
    answers: list[tuple[int, Json]] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def worker() -> None:
            for url, body in left:
                async with session.post(url, json=body) as response:
                    answers.append((response.status, await response.json()))

        await asyncio.gather(*(worker() for _ in range(concurrency)))
    return answers


def _settle(target: Product, *statuses: str) -> None:
    until = time.monotonic() + 120
    query = "&".join(f"status={status}" for status in statuses)
    while target.call("GET", f"/api/v1/app/executions/?page_size=1&{query}")["results"]:
        if time.monotonic() > until:
            raise RuntimeError(f"Executions are still {' or '.join(statuses)} after 120 s.")
        time.sleep(0.1)


def line(row: Json) -> str:
    """The row in words."""
    return (
        f"W6, {row['requests']:,} approvals, {row['concurrency']} at once: all started in {row['start_all']} s, "
        f"all called in {row['call_all']} s, all finished {row['finish_all']} s after the first call; "
        f"{row['wrong']} wrong."
    )
