"""One process with the whole product imported, of which every other process of a world is a fork.

A worker that is killed is back in a few hundredths of a second instead of seconds, so that hundreds of kills fit into
minutes. What is forked is what `celery worker` and `daphne` run; nothing in it knows that it is being tested.

Speaks JSON lines: `{"module", "arguments", "environment", "log", "shift_seconds"}` → `{"pid"}`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from config.embedded.process import die_with_parent

OPENS_LOOPS = ("autobahn", "daphne", "twisted", "txaio")


def main() -> None:
    """Import everything, then fork whatever is asked for until nobody asks any more."""
    _import_product()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    nursery = os.getpid()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            break
        print(json.dumps({"pid": pid}), flush=True)
    else:
        return
    _become(order, nursery)


def _import_product() -> None:
    import django

    django.setup()
    from django.urls import get_resolver

    from config.celery import app

    app.finalize()
    app.loader.import_default_modules()
    assert get_resolver().url_patterns
    importlib.import_module("celery.bin.worker")


def _reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _become(order: dict[str, Any], nursery: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    die_with_parent(nursery)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(order["environment"])
    if order["shift_seconds"]:
        import time_machine

        time_machine.travel(datetime.now(UTC) + timedelta(seconds=order["shift_seconds"]), tick=True).start()
    # Django imports daphne, which opens an event loop at once; forks that share it take each other's events.
    for name in [name for name in sys.modules if name.partition(".")[0] in OPENS_LOOPS]:
        del sys.modules[name]
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
