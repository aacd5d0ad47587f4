"""What breaks, and when: a plan made from a seed, so that a run can be repeated."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

import redis

from tests.chaos.world import LEASE_SECONDS, World

Fault = Callable[[World, random.Random], None]


def kill_worker(world: World, rng: random.Random) -> None:
    """A worker dies at once."""
    rng.choice(world.workers).kill()


def freeze_worker(world: World, rng: random.Random) -> None:
    """A worker stops for longer than its lease, and then goes on as if nothing had happened."""
    worker = rng.choice(world.workers)
    worker.freeze()
    time.sleep(LEASE_SECONDS * 1.6)
    worker.thaw()


def kill_web(world: World, rng: random.Random) -> None:
    """The web process dies at once."""
    world.web.kill()


def kill_postgres(world: World, rng: random.Random) -> None:
    """The database dies at once, with every connection, and is started again."""
    pid = world.postgres.pid()
    if pid:
        import os
        import signal

        os.kill(pid, signal.SIGKILL)
    time.sleep(rng.uniform(0.2, 1.0))
    world.postgres.ensure()


def wipe_valkey(world: World, rng: random.Random) -> None:
    """Everything the broker holds is gone."""
    with redis.Redis.from_url(world.valkey.redis_url) as client:
        client.flushall()


def kill_valkey(world: World, rng: random.Random) -> None:
    """The broker dies at once, and is away for a moment."""
    pid = world.valkey.pid()
    if pid:
        import os
        import signal

        os.kill(pid, signal.SIGKILL)
    time.sleep(rng.uniform(0.2, 1.5))
    world.valkey.ensure()


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
