"""Figures of several processes are added up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COUNT = """
from apps.core.telemetry import metrics
done = metrics.counter("things_total", "Things.", ["kind"])
done.labels("good").inc({amount})
metrics.histogram("thing_seconds", "Time.").observe(0.02)
print(metrics.exposition().decode())
"""


def run(folder: Path, amount: int) -> str:
    return subprocess.run(
        [sys.executable, "-c", COUNT.format(amount=amount)],
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder), "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_processes_that_have_ended_are_counted_as_well(tmp_path: Path) -> None:
    assert 'things_total{kind="good"} 2.0' in run(tmp_path, 2)
    told = run(tmp_path, 3)
    assert 'things_total{kind="good"} 5.0' in told
    assert 'thing_seconds_bucket{le="0.025"} 2.0' in told
    assert "thing_seconds_count 2.0" in told
