"""Those who use the product while it breaks: senders of deliveries, readers of the API, and people who answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from tests.chaos.checker import Effects
from tests.chaos.world import World

Body = Callable[[int], Any]


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which so many percent lie; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-share * len(ordered) // 100) - 1))] if ordered else 0.0


class Manners:
    """What may be answered while something is down: success, or 503 with the time to come again."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.rude: list[str] = []

    def note(self, status: int, headers: Mapping[str, str], what: str) -> None:
        """One answer; status 0 when there was none."""
        self.statuses[status] += 1
        if status >= 500 and (status != 503 or "Retry-After" not in headers):
            self.rude.append(f"{what}: {status}" + ("" if "Retry-After" in headers else " without Retry-After"))


class Traffic:
    """Sends deliveries at a steady pace, each again under its key until it is accepted."""

    def __init__(
        self,
        world: World,
        path: str,
        *,
        count: int,
        per_second: float,
        slug: str = "acme",
        senders: int = 16,
        body: Body = lambda n: {"n": n},
        patience: float = 60,
        echo: int = 0,
    ) -> None:
        self.world, self.count, self.per_second, self.senders = world, count, per_second, senders
        self.path, self.body, self.patience, self.echo = f"/webhooks/{slug}/{path}", body, patience, echo
        self.key = f"{slug}-{path}"
        self.accepted: dict[int, str] = {}
        self.failures: list[str] = []
        self.milliseconds: list[float] = []
        self.accepted_at: list[float] = []
        self.manners = Manners()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> Traffic:
        """Begin to send. Returns at once."""
        self._thread.start()
        return self

    @property
    def is_over(self) -> bool:
        """Whether everything was accepted, or given up."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Send no further deliveries."""
        self.count = 0

    def finish(self, seconds: float = 90) -> list[str]:
        """Wait until everything was accepted. What was not, and what should not have been."""
        self._thread.join(seconds + self.count / self.per_second)
        if self._thread.is_alive():
            self.failures.append("deliveries are still not accepted")
        return self.failures

    async def _run(self) -> None:
        began, numbers = time.monotonic(), iter(range(self.count))
        timeout = aiohttp.ClientTimeout(total=35)
        async with aiohttp.ClientSession(self.world.base, timeout=timeout) as session:

            async def sender() -> None:
                for n in numbers:
                    await asyncio.sleep(max(0.0, began + n / self.per_second - time.monotonic()))
                    if n >= self.count:
                        return
                    await self._deliver(session, n)

            await asyncio.gather(*(sender() for _ in range(self.senders)))

    async def _deliver(self, session: aiohttp.ClientSession, n: int) -> None:
        until = time.monotonic() + self.patience
        while True:
            asked = time.monotonic()
            status, found = await self._post(session, n)
            if 200 <= status < 300:
                break
            if (status and status < 500) or time.monotonic() > until:
                self.failures.append(f"delivery {n}: {status} {str(found)[:200]}")
                return
            await asyncio.sleep(0.2)
        self.milliseconds.append((time.monotonic() - asked) * 1000)
        self.accepted_at.append(time.monotonic())
        self.accepted[n] = found["execution_id"]
        if self.echo and n % self.echo == 0:
            status, again = await self._post(session, n)
            if 200 <= status < 300 and again["execution_id"] != found["execution_id"]:
                self.failures.append(f"delivery {n} was given two executions")

    async def _post(self, session: aiohttp.ClientSession, n: int) -> tuple[int, Any]:
        headers = {"Idempotency-Key": f"{self.key}-{n}"}
        try:
            async with session.post(self.path, json=self.body(n), headers=headers) as response:
                self.manners.note(response.status, response.headers, self.path)
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            self.manners.note(0, {}, self.path)
            return 0, None


class Readers:
    """Reads pages of the API over and over until told to stop."""

    def __init__(self, world: World, paths: Sequence[str], *, per_second: float = 20) -> None:
        self.world, self.paths, self.per_second = world, paths, per_second
        self.manners = Manners()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def stop(self) -> Manners:
        """What they were told."""
        self._is_over.set()
        self._thread.join(timeout=15)
        return self.manners

    async def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self.world.key}"}
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(self.world.base, timeout=timeout, headers=headers) as session:

            async def read(path: str) -> None:
                while not self._is_over.is_set():
                    try:
                        async with session.get(path) as response:
                            await response.read()
                            self.manners.note(response.status, response.headers, path)
                    except (aiohttp.ClientError, TimeoutError, OSError):
                        self.manners.note(0, {}, path)
                    await asyncio.sleep(len(self.paths) / self.per_second)

            await asyncio.gather(*(read(path) for path in self.paths))


class Answerer:
    """Answers every question: yes to what nodes ask; to whether a write happened, what the receiver's log says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reviewed: set[str] = set()
        self.answered = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let them go home."""
        self._is_over.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._is_over.is_set():
            status, found = self.world.call("GET", "/api/v1/app/interactions?status=pending&page_size=100")
            rows = found["results"] if status == 200 else []
            effects = Effects(self.world.effects) if any(row["kind"] == "REVIEW_UNKNOWN" for row in rows) else None
            for row in rows:
                outcome = "approved"
                if row["kind"] == "REVIEW_UNKNOWN" and effects is not None:
                    self.reviewed.add(row["execution_id"])
                    is_there = (row["execution_id"], row["node_id"]) in effects.asked
                    outcome = "happened" if is_there else "run_again"
                path = f"/api/v1/app/interactions/{row['id']}/answer"
                status, _ = self.world.call("POST", path, {"outcome": outcome})
                self.answered += status == 200
            self._is_over.wait(0.3)


async def volleys(world: World, rounds: Sequence[Sequence[tuple[str, Any]]], *, bases: Sequence[str] = ()) -> list[int]:
    """POST all of a round at the same moment, over connections that are open already; then the next. The statuses.

    `bases`: the web processes the requests of a round are spread over.
    """
    headers = {"Authorization": f"Bearer {world.key}"}
    bases, statuses = bases or [world.base], []
    timeout = aiohttp.ClientTimeout(total=60)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as session:

        async def one(at: int, path: str, body: Any) -> int:
            async with session.post(f"{bases[at % len(bases)]}{path}", json=body) as response:
                await response.read()
                return response.status

        for requests in rounds:
            statuses += await asyncio.gather(*(one(at, path, body) for at, (path, body) in enumerate(requests)))
    return statuses
