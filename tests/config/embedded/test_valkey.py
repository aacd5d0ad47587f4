from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from kombu.connection import Connection

from config.embedded.account import account_for
from config.embedded.server import Server
from config.embedded.valkey import Valkey

pytestmark = pytest.mark.integration


def test_it_serves_redis_and_celery_comes_back_and_leaves(var: Path, kill_9: Callable[[Server], int]) -> None:
    valkey, other = (Valkey(var, account_for(var)) for _ in range(2))
    valkey.attach()
    other.attach()
    with redis.Redis.from_url(valkey.redis_url) as client:
        assert client.ping()
        assert client.config_get("save") == {"save": ""}, "nothing is written to disk"
    with Connection(valkey.celery_url) as connection:
        queue = connection.SimpleQueue("hints")
        queue.put({"hint": 1})
        assert queue.get(timeout=5).payload == {"hint": 1}
        queue.close()

    kill_9(valkey)
    assert valkey.ensure() is True
    assert other.is_answering()

    valkey.release()
    assert other.is_answering()
    other.release()
    assert valkey.pid() is None
