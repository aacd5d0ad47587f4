"""What breaks, and when: a plan made from a seed, so that a run can be repeated."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import psycopg
import redis

from config.embedded.server import Server
from tests.chaos.process import Worker
from tests.chaos.world import LEASE_SECONDS, World

Fault = Callable[[World, random.Random], None]
FROZEN_SECONDS = LEASE_SECONDS * 1.6


def kill_worker(world: World, rng: random.Random) -> None:
    """A worker dies at once."""
    rng.choice(world.workers).kill()


def freeze_worker(world: World, rng: random.Random) -> None:
    """A worker stops for longer than its lease, and then goes on as if nothing had happened."""
    worker = rng.choice(world.workers)
    worker.freeze()
    time.sleep(FROZEN_SECONDS)
    worker.thaw()


def kill_web(world: World, rng: random.Random) -> None:
    """The web process dies at once."""
    world.web.kill()


def kill_postgres(world: World, rng: random.Random) -> None:
    """The database dies at once, with every connection, and is started again."""
    stop_postgres(world)
    time.sleep(rng.uniform(0.2, 1.0))
    world.postgres.ensure()


def stop_postgres(world: World) -> None:
    """The database dies at once and stays away."""
    _kill(world.postgres)


def wipe_valkey(world: World, rng: random.Random) -> None:
    """Everything the broker holds is gone."""
    with redis.Redis.from_url(world.valkey.redis_url) as client:
        client.flushall()


def kill_valkey(world: World, rng: random.Random) -> None:
    """The broker dies at once, and is away for a moment."""
    stop_valkey(world)
    time.sleep(rng.uniform(0.2, 1.5))
    world.valkey.ensure()


def stop_valkey(world: World) -> None:
    """The broker dies at once, with all it held, and stays away."""
    _kill(world.valkey)


def _kill(server: Server) -> None:
    pid = server.pid()
    if pid:
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while server.pid() is not None and time.monotonic() < until:
        time.sleep(0.005)


def end_connections(world: World, rng: random.Random, *, share: float = 0.05) -> int:
    """Some of the product's database connections are ended by the server. How many."""
    rows = world.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'agentflow_app' AND pid <> pg_backend_pid()")
    chosen = [row[0] for row in rows if rng.random() < share] or [rng.choice(rows)[0]] if rows else []
    return sum(world.sql("SELECT pg_terminate_backend(%s)", pid)[0][0] for pid in chosen)


ALL: Sequence[Fault] = (kill_worker, freeze_worker, kill_web, kill_postgres, wipe_valkey, kill_valkey)


def run_plan(world: World, *, seed: int, seconds: float, every: float) -> Counter[str]:
    """Break things for `seconds`, one about `every` seconds: each kind once in random order, then at random."""
    rng = random.Random(seed)
    order = rng.sample(ALL, len(ALL))
    done: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fault = order.pop() if order else rng.choice(ALL)
        fault(world, rng)
        done[fault.__name__] += 1
        time.sleep(rng.uniform(0.5, 1.5) * every)
    return done


class Kills:
    """Kills a worker as soon as the last victim's successor claims again. Some are frozen past their lease instead.

    Goes on in a thread of its own until `count` are dead, or it is told to stop.
    """

    def __init__(
        self,
        world: World,
        *,
        seed: int,
        count: int,
        frozen_share: float = 0.1,
        every: float = 0.0,
        patience: float = 8.0,
    ) -> None:
        self.world, self.count, self.frozen_share = world, count, frozen_share
        self.every, self.patience = every, patience
        self.killed = self.frozen = self.unclaimed = 0
        self._rng = random.Random(seed)
        self._cold: list[tuple[float, Worker]] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether all are dead that were to die."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """No more. Whoever is frozen goes on."""
        self._is_over.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        try:
            while self.killed + self.frozen < self.count and not self._is_over.is_set():
                self._thaw()
                warm = [worker for worker in self.world.workers if all(worker is not cold for _, cold in self._cold)]
                victim = self._rng.choice(warm)
                if len(warm) > 1 and self._rng.random() < self.frozen_share:
                    victim.freeze()
                    self._cold.append((time.monotonic() + FROZEN_SECONDS, victim))
                    self.frozen += 1
                else:
                    victim.kill()
                    self.killed += 1
                    self._await_claim(victim)
                self._is_over.wait(self.every)
        finally:
            self._thaw(everybody=True)

    def _thaw(self, *, everybody: bool = False) -> None:
        for until, worker in list(self._cold):
            if everybody or time.monotonic() >= until:
                worker.thaw()
                self._cold.remove((until, worker))

    def _await_claim(self, successor: Worker) -> None:
        """Until it has an execution in hand: the tables say so, not the engine."""
        until = time.monotonic() + self.patience
        with psycopg.connect(self.world.database_url, autocommit=True) as connection:
            while time.monotonic() < until and not self._is_over.is_set():
                row = connection.execute(
                    "SELECT EXISTS (SELECT 1 FROM executions_execution WHERE owner = %s)", [successor.id]
                ).fetchone()
                if row and row[0]:
                    return
                self._thaw()
                time.sleep(0.005)
        self.unclaimed += 1
