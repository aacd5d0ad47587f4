"""A closed-loop HTTP load generator for loopback: exact latencies, every answer checked."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp


@dataclass(frozen=True)
class Measured:
    """What one row of the table says. Times in milliseconds."""

    requests: int
    concurrency: int
    wrong: int
    per_second: float
    p50: float
    p95: float
    p99: float
    worst: float
    complaints: dict[str, int]


async def _run(
    url: str, body: Any, is_right: Callable[[Any], bool], concurrency: int, requests: int, timeout: float
) -> Measured:
    latencies: list[float] = []
    complaints: Counter[str] = Counter()
    numbers = iter(range(requests))
    limit = aiohttp.ClientTimeout(total=timeout)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency), timeout=limit) as session:

        async def worker() -> None:
            for _ in numbers:
                began = time.perf_counter()
                try:
                    async with session.post(url, json=body) as response:
                        found = await response.json(content_type=None)
                    if response.status != 200 or not is_right(found):
                        complaints[f"{response.status}: {str(found)[:120]}"] += 1
                        continue
                except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                    complaints[type(error).__name__] += 1
                    continue
                latencies.append((time.perf_counter() - began) * 1000)

        began = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(concurrency)))
        wall = time.perf_counter() - began
    latencies.sort()
    return Measured(
        requests=requests,
        concurrency=concurrency,
        wrong=sum(complaints.values()),
        per_second=round(len(latencies) / wall, 1),
        p50=_percentile(latencies, 50),
        p95=_percentile(latencies, 95),
        p99=_percentile(latencies, 99),
        worst=round(latencies[-1], 1) if latencies else 0.0,
        complaints=dict(complaints.most_common(3)),
    )


def load(
    url: str,
    body: Any,
    is_right: Callable[[Any], bool],
    *,
    concurrency: int,
    requests: int,
    timeout: float = 60,
) -> Measured:
    """Send `requests` POSTs from `concurrency` senders, each the next one when the last was answered.

    Raises `ValueError` for an address that is not on this machine.
    """
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        raise ValueError(f"Load goes to this machine only, not to {url}.")
    return asyncio.run(_run(url, body, is_right, concurrency, requests, timeout))


def _percentile(ordered: list[float], share: int) -> float:
    if not ordered:
        return 0.0
    return round(ordered[min(len(ordered) - 1, max(0, -(-share * len(ordered) // 100) - 1))], 1)
