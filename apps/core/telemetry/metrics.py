"""Figures for Prometheus: what every part counts, of all processes of this machine together.

A part declares its figures beside its code, with `counter` and `histogram`. With PROMETHEUS_MULTIPROC_DIR each process
keeps its share in a file there, and `exposition` adds them up; without, each process tells its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LONG_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3_600.0, 21_600.0, 86_400.0)
_asked: list[Collector] = []


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
    """Something that only grows. Its name ends in `_total`, as Prometheus wants it."""
    return Counter(name, documentation, labels)


def histogram(
    name: str, documentation: str, labels: Sequence[str] = (), buckets: Sequence[float] = SECONDS
) -> Histogram:
    """How long something takes, in seconds: how many took at most so long, how many there were, and their sum."""
    return Histogram(name, documentation, labels, buckets=buckets)


def asked(collector: Collector) -> None:
    """Figures that are looked up when somebody asks, such as how much is queued."""
    _asked.append(collector)


def serve(listen: str) -> None:
    """Tell this process's figures at `host:port`, in a thread of their own."""
    host, _, port = listen.rpartition(":")
    start_http_server(int(port), addr=host or "127.0.0.1")


def exposition() -> bytes:
    """Every figure in the text format of Prometheus."""
    registry: Any = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text: bytes = generate_latest(registry)
    for collector in _asked:
        extra = CollectorRegistry()
        extra.register(collector)
        text += generate_latest(extra)
    return text
