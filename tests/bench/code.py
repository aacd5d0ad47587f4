"""What a run of code costs in each tier of the sandbox: alone, and fifty at once in as many places as a worker has."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from apps.core.sandbox import jail, needs, selftest
from apps.core.sandbox.jail import TIERS, Tier
from apps.core.sandbox.job import LANGUAGES, Job, Language, Limits
from apps.core.sandbox.run import run_in

ALONE, AT_ONCE = 40, 50
_SOURCE: dict[Language, str] = {"python": "return len(items)", "javascript": "return items.length"}
_REST: dict[Language, str] = {
    "python": "import time\ntime.sleep(2)",
    "javascript": "await new Promise((done) => setTimeout(done, 2000))",
}
_ITEMS = [{"id": number, "name": f"customer {number}", "amount": number * 1.5} for number in range(100)]


def main() -> str:
    """Measure; the table as Markdown."""
    load = os.getloadavg()[0]
    rows = [_row(tier, language) for tier in TIERS for language in LANGUAGES]
    words = [
        f"Measured {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores; load average {load:.1f} when it began. Each "
        "run is a fresh process that is given 100 items. “First” also finds out what the interpreter has to read.",
        "\n".join(
            [
                "| tier | language | self-test ms | first ms | p50 ms | p95 ms | fastest ms "
                f"| {AT_ONCE} at once: seconds | its memory MB |",
                "|---|---|--:|--:|--:|--:|--:|--:|--:|",
                *rows,
            ]
        ),
    ]
    text = "\n\n".join(words)
    print(text, flush=True)
    return text


def _row(tier: Tier, language: Language) -> str:
    for known in (needs.python, needs.deno, jail._needs, jail._filter, jail._rules, jail._namespaces):
        known.cache_clear()
    if missing := jail.lacks(tier, language):
        return f"| {tier} | {language} | {missing} | | | | | | |"
    first = _timed(tier, language)
    began = time.perf_counter()
    fault = selftest.fault(tier, language)
    tested = (time.perf_counter() - began) * 1000
    if fault:
        return f"| {tier} | {language} | {fault} | | | | | | |"
    times = sorted(_timed(tier, language) for _ in range(ALONE))
    began = time.perf_counter()
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as places:
        list(places.map(lambda _: _timed(tier, language), range(AT_ONCE)))
    together = time.perf_counter() - began
    memory = _memory(tier, language)
    p95 = times[int(len(times) * 0.95)]
    return (
        f"| {tier} | {language} | {tested:.0f} | {first:.0f} | {statistics.median(times):.0f} | {p95:.0f} "
        f"| {times[0]:.0f} | {together:.2f} | {memory} |"
    )


def _timed(tier: Tier, language: Language, source: str = "") -> float:
    began = time.perf_counter()
    run_in(tier, Job(language, source or _SOURCE[language], {"items": _ITEMS}, limits=Limits(30)))
    return (time.perf_counter() - began) * 1000


def _memory(tier: Tier, language: Language) -> str:
    """Megabytes of its processes once it has begun, shared pages divided up."""
    with ThreadPoolExecutor(1) as beside:
        resting = beside.submit(_timed, tier, language, _REST[language])
        time.sleep(1.5)
        try:
            found = sum(_pss(pid) for pid in _family(os.getpid()))
        except PermissionError:
            return "only root can see"
        resting.result()
    return f"{found / 1024:.0f}"


def _family(pid: int) -> list[int]:
    children = [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]
    return [each for child in children for each in (child, *_family(child))]


def _pss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("Pss:")[2].split()[0])
