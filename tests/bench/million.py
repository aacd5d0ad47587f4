"""Does it stay as quick when there is much behind it? Two products side by side, one of them with a million executions.

What is loaded are copies of executions that really ran there, one in twenty-one of them failed, in five workspaces,
spread over 90 days, each in the partition of its week. Then both are measured in turn, round by round, so that whatever
else the machine does weighs on both.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.embedded.account import account_for
from config.embedded.postgres import Postgres
from tests.bench.load import load
from tests.bench.product import ROOT, Product, install, product
from tests.bench.workloads import Workload, w1
from tests.chaos.world import free_port

DAYS = 90
BATCH = 50_000
WORKSPACES = 5
WORKFLOWS = 8
BURSTS, ROUNDS = 8, 4
# Nothing is deleted behind the measurement's back; `_retention` shortens it afterwards.
KEPT = {f"RETENTION_{kind}_DAYS": "400" for kind in ("SUCCESS", "FAILURE", "TEST")}


@dataclass(frozen=True)
class Side:
    """One of the two: a product, its database as its superuser sees it, and a browser that is signed in."""

    target: Product
    database: psycopg.Connection[Any]
    browser: urllib.request.OpenerDirector


def failing() -> Workload:
    """W1 whose transformation cannot be done."""
    usual = w1()
    text = json.dumps(usual.definition).replace("$json.body.x * 2", "$json.body.x.y.z * 2").replace('"w1"', '"bad"')
    return Workload("bad", "fails", json.loads(text), usual.body, lambda _: True, {})


def main(count: int = 1_000_000) -> str:
    """Load and measure; the table as Markdown."""
    with product(free_port(), "", **KEPT) as empty, product(free_port(), "", **KEPT) as full:
        sides = [_side(empty), _side(full)]
        for side in sides:
            for workload in (w1(), failing()):
                install(side.target, workload)
                _run(side, workload, concurrency=4, requests=50)
        began = time.monotonic()
        fill(sides[1].database, count)
        print(f"{count:,} loaded in {time.monotonic() - began:.0f} s", flush=True)
        found = compared(sides)
        found[1] |= dict(_retention(sides[1]))
        size = sides[1].database.execute("SELECT pg_database_size(current_database())").fetchone()
        words = _table(count, found, int(size[0]) if size else 0)
    print(words, flush=True)
    return words


def compared(sides: list[Side]) -> list[dict[str, list[float]]]:
    """What was measured on each side, in turn, so that a busy moment of the machine hits both."""
    found: list[dict[str, list[float]]] = [{}, {}]
    turn = list(zip(sides, found, strict=True))
    for look in [_bursts] * BURSTS + [_round] * ROUNDS:
        for side, values in turn:
            for name, value in look(side):
                values.setdefault(name, []).append(value)
        turn.reverse()
    return found


def _side(target: Product) -> Side:
    var = Path(target.environment["AGENTFLOW_VAR"])
    database = psycopg.connect(Postgres(var, account_for(var)).url("postgres"), autocommit=True)
    printed = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "sign_in_link", "--workspace", "demo"],
        env=target.environment,
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    address = next(word for word in printed.stdout.split() if word.startswith("http"))
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(address, timeout=30).read().decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    sent = urllib.request.Request(address, data=f"csrfmiddlewaretoken={token}".encode(), headers={"Referer": address})
    if "/w/demo/" not in browser.open(sent, timeout=30).url:
        raise RuntimeError("The sign-in link does not lead in.")
    return Side(target, database, browser)


# ── Loading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_MADE = """
CREATE TEMP TABLE made ON COMMIT PRESERVE ROWS AS
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(i || 'a'), 1, 3)
        || '8' || substr(md5(i || 'b'), 1, 15))::uuid AS id,
       at, i %% 21 = 0 AS is_bad, i %% 10 AS tenth, (i / 10) %% {workflows} AS which
FROM generate_series(%(first)s::int, %(last)s::int) AS i,
     LATERAL (SELECT now() - make_interval(secs => {days} * 86400.0 * (1 - i / %(count)s::float)) AS at) AS t
"""


def fill(database: psycopg.Connection[Any], count: int) -> None:
    """Load `count` finished executions with everything that belongs to them."""
    database.execute("SET session_replication_role = replica")  # no checks and triggers: what is copied is in order
    database.execute("SET synchronous_commit = off")
    for table in _names(database, "SELECT executions_partitioned()::text"):
        weeks = "generate_series(now() - interval '98 days', now() - interval '7 days', interval '7 days') AS at"
        database.execute(f"SELECT executions_partition_make('{table}', executions_week(at)) FROM {weeks}".encode())
    _copy_workflows(database)
    for first in range(0, count, BATCH):
        database.execute("DROP TABLE IF EXISTS made, placed")
        made = _MADE.format(workflows=WORKFLOWS, days=DAYS)
        given = {"first": first + 1, "last": min(first + BATCH, count), "count": count}
        database.execute(made.encode(), given)
        # Six of ten lie in the workspace that is measured, one of ten in each of the others.
        database.execute(
            """CREATE TEMP TABLE placed AS
               SELECT m.id, m.at, w.workspace_id, w.workflow_id, w.version_id,
                      s.id AS sample, m.at - s.created_at AS ago
               FROM made m
               JOIN copied w ON w.which = m.which AND w.place = greatest(m.tenth - 5, 0)
               JOIN sample s ON s.is_bad = m.is_bad"""
        )
        _copy(
            database,
            "executions_execution",
            "t.id = placed.sample",
            id="placed.id",
            lineage_id="placed.id",
            **{name: f"placed.{name}" for name in ("workspace_id", "workflow_id", "version_id")},
            **{name: f"t.{name} + placed.ago" for name in ("created_at", "started_at", "finished_at", "deadline_at")},
        )
        of_it = {"execution_id": "placed.id", "workspace_id": "placed.workspace_id"}
        _copy(
            database,
            "executions_noderun",
            "t.execution_id = placed.sample",
            **of_it,
            **{name: f"t.{name} + placed.ago" for name in ("started_at", "attempt_at", "finished_at")},
        )
        _copy(database, "executions_transition", "t.execution_id = placed.sample", **of_it, at="t.at + placed.ago")
    for table in ("executions_execution", "executions_noderun", "executions_transition"):
        database.execute(f"VACUUM (ANALYZE) {table}".encode())
    database.execute("CHECKPOINT")  # else it would be written out while something is measured
    for ago in range(DAYS):
        database.execute("SELECT executions_usage_count(current_date - %s)", [ago])


def _copy_workflows(database: psycopg.Connection[Any]) -> None:
    """Workspaces and workflows like those that ran, and which of their executions are copied."""
    database.execute(
        """CREATE TEMP TABLE sample AS
           SELECT DISTINCT ON (status) *, status <> 'SUCCESS' AS is_bad FROM executions_execution
           WHERE finished_at IS NOT NULL AND status IN ('SUCCESS', 'ERROR') ORDER BY status, created_at DESC"""
    )
    database.execute(
        """CREATE TEMP TABLE copied AS
           SELECT place, which,
                  s.workflow_id AS of_workflow, s.version_id AS of_version, s.workspace_id AS of_workspace,
                  CASE WHEN place = 0 THEN s.workspace_id ELSE md5('w' || place)::uuid END AS workspace_id,
                  CASE WHEN place = 0 AND which = 0 THEN s.workflow_id ELSE gen_random_uuid() END AS workflow_id,
                  CASE WHEN place = 0 AND which = 0 THEN s.version_id ELSE gen_random_uuid() END AS version_id
           FROM sample s, generate_series(0, %s) AS place, generate_series(0, %s) AS which WHERE NOT s.is_bad""",
        [WORKSPACES - 1, WORKFLOWS - 1],
    )
    database.execute(
        """CREATE TEMP TABLE placed AS
           SELECT DISTINCT ON (workspace_id) * FROM copied WHERE workspace_id <> of_workspace"""
    )
    slug = "'bench-' || placed.place"
    _copy(database, "accounts_workspace", "t.id = placed.of_workspace", id="placed.workspace_id", name=slug, slug=slug)
    database.execute("DROP TABLE placed")
    database.execute("CREATE TEMP TABLE placed AS SELECT * FROM copied WHERE workflow_id <> of_workflow")
    _copy(
        database,
        "workflows_workflow",
        "t.id = placed.of_workflow",
        id="placed.workflow_id",
        workspace_id="placed.workspace_id",
        active_version_id="placed.version_id",
        name="'Copy ' || placed.which",
    )
    _copy(
        database,
        "workflows_version",
        "t.id = placed.of_version",
        id="placed.version_id",
        workspace_id="placed.workspace_id",
        workflow_id="placed.workflow_id",
    )
    database.execute("DROP TABLE placed")


def _copy(database: psycopg.Connection[Any], table: str, joined: str, **changed: str) -> None:
    """For each row of `placed` the rows of a table that belong to its sample, with some columns changed."""
    names = _names(
        database,
        "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' ORDER BY attnum",
        table,
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    values = ", ".join(changed.get(name, f't."{name}"') for name in names)
    statement = f"SELECT {values} FROM placed JOIN {table} t ON {joined} ORDER BY placed.workflow_id"
    if "at" in _names(database, "SELECT attname::text FROM pg_attribute WHERE attrelid = 'placed'::regclass"):
        statement = statement.replace("ORDER BY placed.workflow_id", "ORDER BY placed.at")
    insert = sql.SQL("INSERT INTO {} ({}) ").format(sql.Identifier(table), columns)
    database.execute(insert + sql.SQL(statement))


def _names(database: psycopg.Connection[Any], query: str, *given: Any) -> list[str]:
    return [row[0] for row in database.execute(query.encode(), given).fetchall()]


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────────────

_LISTS = {
    "home page": "/w/demo/",
    "executions, first page": "/w/demo/executions/",
    "executions, failed": "/w/demo/executions/?status=ERROR",
    "executions, running": "/w/demo/executions/?status=RUNNING",
    "executions, cancelled (none)": "/w/demo/executions/?status=CANCELED",
    "executions, searched": "/w/demo/executions/?q=f00d",
    "executions, of one workflow": "/w/demo/executions/?workflow={workflow}",
    "executions, tenth page": "/w/demo/executions/?page=10",
    "log page": "/w/demo/logs/",
    "log page, errors": "/w/demo/logs/?level=error",
    "figures of workflows": "/w/demo/workflows/figures/?id={workflow}",
    "usage page": "/w/demo/settings/usage/",
}


def _run(side: Side, workload: Workload, *, concurrency: int, requests: int) -> Any:
    url = f"{side.target.base}/webhooks/demo/{workload.name}"
    return load(url, workload.body, workload.is_right, concurrency=concurrency, requests=requests)


def _bursts(side: Side) -> Iterator[tuple[str, float]]:
    """A little of W1."""
    mark = side.database.execute("SELECT clock_timestamp()").fetchone()
    busy = _run(side, w1(), concurrency=50, requests=1000)
    alone = _run(side, w1(), concurrency=1, requests=150)
    yield "W1 at c=50, executions/s", busy.per_second
    yield "W1 at c=1, p50 ms", alone.p50
    row = side.database.execute(
        """SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at) * 1000)
           FROM (SELECT started_at, created_at FROM executions_execution WHERE created_at > %s
                 ORDER BY created_at DESC LIMIT 150) AS last""",
        mark,
    ).fetchone()
    yield "start (created to claimed) at c=1, p50 ms", float(row[0]) if row else 0.0
    yield "claim with nothing due, ms", _timed(lambda: _claim(side.database), 200)


def _round(side: Side) -> Iterator[tuple[str, float]]:
    """Each list, in milliseconds."""
    workflow = side.database.execute(
        "SELECT w.id FROM workflows_workflow w WHERE w.name = 'Bench w1' ORDER BY w.id LIMIT 1"
    ).fetchone()
    for name, address in _LISTS.items():
        url = side.target.base + address.format(workflow=workflow[0] if workflow else "")
        yield name, _timed(lambda url=url: side.browser.open(url, timeout=120).read(), 7)  # type: ignore[misc]


def _claim(database: psycopg.Connection[Any]) -> None:
    claim = "SELECT count(*) FROM executions_claim(gen_random_uuid(), ARRAY['bench'], 8, 8, NULL)"
    database.execute(claim.encode())


def _timed(work: Callable[[], Any], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


_SWEEP = """
import time
from apps.core import clock
from apps.executions.retention.sweep import sweep
began = time.monotonic()
done = sweep(now=clock.now(), seconds=20)
print(done.is_done, time.monotonic() - began)
"""


def _retention(side: Side) -> Iterator[tuple[str, list[float]]]:
    """How quickly what is over is deleted, and how quickly the rest is looked through."""
    there = "SELECT count(*)::text FROM executions_execution"
    for name, days in (("retention, executions deleted/s", 60), ("retention, s to look through the rest", 400)):
        before = int(_names(side.database, there)[0])
        side.database.execute(
            """INSERT INTO executions_retention AS r (workspace_id, success_days, failure_days, test_days, swept_to)
               SELECT id, %(days)s, %(days)s, 1, '' FROM accounts_workspace
               ON CONFLICT (workspace_id) DO UPDATE SET success_days = %(days)s, failure_days = %(days)s, test_days = 1,
                   scanned_to = NULL, next_round_at = NULL""",
            {"days": days},
        )
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", _SWEEP],
            env=side.target.environment,
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        seconds = float(done.stdout.split()[-1])
        deleted = before - int(_names(side.database, there)[0])
        yield name, [deleted / seconds if days == 60 else seconds]


def _table(count: int, found: list[dict[str, list[float]]], size: int) -> str:
    lines = [
        f"Two products side by side in turn, the best of {BURSTS} bursts and of {ROUNDS} looks at each list, in ms;"
        f" {os.cpu_count()} cores for both, their databases and the load generator, load average"
        f" {os.getloadavg()[1]:.0f}. The full database has {size / 1e9:.1f} GB.",
        "",
        f"| | empty | with {count:,} | change |",
        "|---|--:|--:|--:|",
    ]
    for name, values in found[1].items():
        best = max if name.endswith("/s") else min
        full = best(values)
        if name in found[0]:
            empty = best(found[0][name])
            lines.append(f"| {name} | {empty:.1f} | {full:.1f} | {(full / empty - 1) * 100:+.0f} % |")
        else:
            lines.append(f"| {name} | | {full:.1f} | |")
    return "\n".join(lines)
