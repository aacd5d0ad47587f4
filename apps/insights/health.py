"""Is everything there that the product needs? Asked by load balancers, by `doctor`, and by the demo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from celery import current_app
from django.db import Error, connection, connections

from apps.core import clock, replica
from apps.core.selectors import pulse
from apps.executions.models import Worker

PATIENCE_SECONDS = 3.0
FRESH_SECONDS = 1.0
BEAT_SECONDS = 20.0
NEEDED = ("database", "broker", "workers")


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is doing. `detail` is one sentence for people, without anything confidential."""

    is_ok: bool
    detail: str
    latency_ms: float

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {"ok": self.is_ok, "detail": self.detail, "latency_ms": round(self.latency_ms, 1)}


@dataclass(frozen=True, slots=True)
class Health:
    """How all parts are doing. `is_ok`: everything needed is there; beat may be missing for a while without harm."""

    parts: Mapping[str, Finding]

    @property
    def is_ok(self) -> bool:
        """Whether work is taken in and done."""
        return all(self.parts[name].is_ok for name in NEEDED)

    @property
    def word(self) -> str:
        """`ok`, `degraded` (something that is not needed is missing) or `down`."""
        if not self.is_ok:
            return "down"
        return "ok" if all(part.is_ok for part in self.parts.values()) else "degraded"


_kept: tuple[float, Health] | None = None
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def health() -> Health:
    """How the product is doing, at most a second old, however many ask. Never raises; answers within 3 s."""
    global _kept
    async with _locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        if _kept is None or time.monotonic() - _kept[0] > FRESH_SECONDS:
            _kept = (time.monotonic(), await look())
        return _kept[1]


async def look() -> Health:
    """How the product is doing right now. Never raises; answers within 3 s."""
    checks: dict[str, Callable[[], str]] = {
        "database": check_database,
        "broker": check_broker,
        "workers": check_workers,
        "beat": check_beat,
    }
    if replica.is_configured():
        checks["replica"] = check_replica
    findings = await asyncio.gather(*(_find(check) for check in checks.values()))
    return Health(dict(zip(checks, findings, strict=True)))


class Amiss(Exception):
    """A part is there but not as it should be; the message says how."""


async def _find(check: Callable[[], str]) -> Finding:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            detail, is_ok = await sync_to_async(check, thread_sensitive=False)(), True
    except TimeoutError:
        detail, is_ok = f"No answer within {PATIENCE_SECONDS:.0f} s.", False
    except Amiss as amiss:
        detail, is_ok = str(amiss), False
    except Exception as error:
        detail, is_ok = f"Cannot be reached ({type(error).__name__}).", False
    return Finding(is_ok, detail, (time.perf_counter() - began) * 1000)


def check_database() -> str:
    """PostgreSQL answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "PostgreSQL answers."
    finally:
        connection.close()


def check_replica() -> str:
    """The replica follows. Without it lists are read from the primary. Raises `Amiss`."""
    try:
        seconds = replica.lag()
    except replica.NotUsable as reason:
        raise Amiss(f"Lists are read from the primary instead of the replica: {reason}.") from None
    except Error as error:
        raise Amiss(f"Lists are read from the primary: the replica fails ({type(error).__name__}).") from None
    finally:
        connections.close_all()
    return f"The replica follows within {seconds:.1f} s."


def check_broker() -> str:
    """The broker takes messages. Without it everything still happens, up to a second later."""
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=PATIENCE_SECONDS)
    return "The broker answers."


def check_workers() -> str:
    """At least one worker process is alive. Raises `Amiss`."""
    try:
        alive = Worker.objects.filter(alive_until__gt=clock.now()).count()
    finally:
        connection.close()
    if not alive:
        raise Amiss("No worker has given a sign of life: executions are taken in, and wait.")
    return "1 worker is alive." if alive == 1 else f"{alive} workers are alive."


def check_beat() -> str:
    """Beat ticked within 20 s. Workers fire schedules by themselves too, so none is lost without it. Raises `Amiss`."""
    try:
        last = pulse("beat")
    finally:
        connection.close()
    if last is None:
        raise Amiss("Beat has never ticked.")
    age = (clock.now() - last.at).total_seconds()
    if age > BEAT_SECONDS:
        raise Amiss(f"Beat last ticked {age:.0f} s ago.")
    return f"Beat ticked {max(age, 0):.0f} s ago."
