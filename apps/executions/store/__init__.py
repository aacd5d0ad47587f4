"""The engine's transactions as SQL. Everything the worker knows it reads and writes here; `docs/engine.md` is the map.

Lock order everywhere: execution, node run, wait. Every write carries the fence under which the execution was claimed:
an owner that was presumed dead and replaced cannot write any more.
"""

from __future__ import annotations

from apps.executions.store.claiming import claim, claimed, let_in, news, release, sweep, timers_fire, whole, worker_beat
from apps.executions.store.reading import load
from apps.executions.store.rows import row_of, run_of
from apps.executions.store.shapes import Checkpoint, Claimed, FenceLost, Loaded, News
from apps.executions.store.writing import checkpoint, is_written, withdraw_waits

__all__ = [
    "Checkpoint",
    "Claimed",
    "FenceLost",
    "Loaded",
    "News",
    "checkpoint",
    "claim",
    "claimed",
    "is_written",
    "let_in",
    "load",
    "news",
    "release",
    "row_of",
    "run_of",
    "sweep",
    "timers_fire",
    "whole",
    "withdraw_waits",
    "worker_beat",
]
