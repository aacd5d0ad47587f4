"""A process that asks for many calls at once: `python -m tests.ai.ledger.crowd <caller as JSON> <threads> <most>`.

Prints how many were let in. Waits for a line before it begins, so that several processes begin together.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID


def crowd(given: dict[str, Any], threads: int, most: str) -> int:
    """So many threads begin a call together; how many were let in. None is ended."""
    from apps.ai.gateway import Caller
    from apps.nodes.contract import NodeError
    from tests.ai.ledger.conftest import asked

    workspace, workflow, execution = (UUID(given[f"{noun}_id"]) for noun in ("workspace", "workflow", "execution"))
    caller = Caller(workspace, workflow, execution, given["node_id"])
    gate = threading.Barrier(threads)

    def one(number: int) -> bool:
        gate.wait()
        try:
            asked(caller, most, step=f"turn:{number}")
        except NodeError as refused:
            if refused.code != "ai.budget_reached":
                raise
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(one, range(threads)))


if __name__ == "__main__":
    import django

    django.setup()
    print("ready", flush=True)
    sys.stdin.readline()
    print(crowd(json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
