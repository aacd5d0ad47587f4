"""`make bench`: the workloads W1 to W4, ten steps, W6 and W7 against the whole product, every execution persisted.

Starts a product of its own (own database, broker and port), so that nothing measured is shared with a running one.
Writes one JSON line per row to `var/bench.jsonl` and the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tests.bench import agents, approvals, code, killed, million, models, pages, processes, several, waiting
from tests.bench.load import load
from tests.bench.processes import Usage
from tests.bench.product import ROOT, Product, install, product, slow_server
from tests.bench.workloads import Workload, steps, w1, w2, w3, w4, w6
from tests.chaos.world import free_port

ROLES = ("web", "worker", "database")
Row = dict[str, Any]
# Measured by themselves, and where that is written.
ALONE = (
    ("million", million.main, "scaling.md"),
    ("several", several.main, "scaling.md"),
    ("pages", pages.main, "benchmarks.md"),
    ("code", code.main, "benchmarks.md"),
    ("waiting", waiting.main, "benchmarks.md"),
    ("agents", agents.main, "benchmarks.md"),
    ("models", models.main, "benchmarks.md"),
)


def measure(target: Product, workload: Workload, concurrency: int, requests: int) -> Row:
    """One row: times from outside, processor time per execution from the processes."""
    url = f"{target.base}/webhooks/demo/{workload.name}"
    load(url, workload.body, workload.is_right, concurrency=concurrency, requests=max(3, requests // 20))
    before = processes.usage(target.pid)
    found = load(url, workload.body, workload.is_right, concurrency=concurrency, requests=requests)
    after = processes.usage(target.pid)
    nothing = Usage()
    cpu = {
        role: round((after.get(role, nothing).cpu_ms - before.get(role, nothing).cpu_ms) / requests, 1)
        for role in ROLES
    }
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "workload": workload.name,
        **asdict(found),
        "cpu": cpu,
        "memory": _memory(after),
    }
    print(json.dumps(row), flush=True)
    return row


def _memory(found: dict[str, Usage]) -> dict[str, int]:
    whole = processes.total(found)
    return {"rss": round(whole.rss), "pss": round(whole.pss)}


def table(rows: list[Row], titles: dict[str, str]) -> str:
    """The rows as Markdown."""
    lines = [
        f"Measured {rows[0]['at'][:10]}, {os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}; "
        "the load generator and all services share the cores.",
        "",
        "| workload | concurrency | requests | wrong | executions/s | p50 ms | p95 ms | p99 ms | worst ms "
        f"| CPU ms each ({' + '.join(ROLES)}) |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {titles[row['workload']]} | {row['concurrency']} | {row['requests']} "
        f"| {row['wrong']} | {row['per_second']} | {row['p50']} | {row['p95']} | {row['p99']} | {row['worst']} "
        f"| {' + '.join(str(row['cpu'][role]) for role in ROLES)} |"
        for row in rows
    ]
    return "\n".join(lines)


def write(text: str, place: str = "benchmarks.md", mark: str = "measured") -> None:
    """Put the text between its marks in a page of docs/."""
    page = ROOT / "docs" / place
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--only",
        default="w1,w2,w3,w4,steps,w6,w7",
        help=f"workloads, comma-separated; {', '.join(name for name, _, _ in ALONE)}",
    )
    options.add_argument("--concurrency", default="1,10,50")
    options.add_argument("--dry", action="store_true", help="do not write docs/benchmarks.md")
    given = options.parse_args()
    wanted = given.only.split(",")
    for name, alone, place in ALONE:
        if name in wanted:
            words_of_it = alone()
            if not given.dry:
                write(words_of_it, place, name)
    if not set(wanted) - {name for name, _, _ in ALONE}:
        return
    slow_port = free_port()
    rows: list[Row] = []
    words: list[str] = []
    with slow_server(slow_port) as slow_url, product(free_port(), f"127.0.0.1:{slow_port}") as target:
        time.sleep(10)
        idle = _memory(processes.usage(target.pid))
        workloads = [each for each in (w1(), w2(), w3(), w4(slow_url), steps()) if each.name in wanted]
        for workload in workloads:
            install(target, workload)
        for workload in workloads:
            for concurrency in (int(text) for text in given.concurrency.split(",")):
                rows.append(measure(target, workload, concurrency, workload.sizes[concurrency]))
        busy = {name: max(row["memory"][name] for row in rows) for name in idle} if rows else idle
        words.append(
            f"Memory of all processes and services, shared pages divided up: {idle['pss']} MB idle, at most "
            f"{busy['pss']} MB after a row (each process's resident pages added up, PostgreSQL's shared ones as often "
            f"as they are mapped: {idle['rss']} and {busy['rss']} MB)."
        )
        for name, extra in (("w6", _approvals), ("w7", _killed)):
            if name in wanted:
                words.append(extra(target, slow_url))
    results = ROOT / "var" / "bench.jsonl"
    results.parent.mkdir(exist_ok=True)
    with results.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    for word in words:
        print(word, flush=True)
    if not given.dry:
        titles = {each.name: f"{each.name.upper()} {each.title}" for each in workloads}
        write("\n\n".join([table(rows, titles), *words] if rows else words))


def _approvals(target: Product, slow_url: str) -> str:
    install(target, w6())
    return approvals.line(approvals.measure(target))


def _killed(target: Product, slow_url: str) -> str:
    return killed.line(killed.measure(target, slow_url))


if __name__ == "__main__":
    main()
