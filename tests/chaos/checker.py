"""An independent judge: reads the tables as a superuser, and the receiver's log. It knows nothing of the engine."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import psycopg

UNFINISHED = """
    SELECT id, status, error FROM executions_execution
    WHERE status NOT IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')"""

# What must be empty, whatever happened. Each query names what it found.
INVARIANTS = {
    "an execution ended badly": """
        SELECT id, status, error FROM executions_execution WHERE status IN ('ERROR', 'CANCELED', 'TIMED_OUT')""",
    "a node run was committed as completed twice": """
        SELECT t.execution_id, c ->> 'node_id', count(*) FROM executions_transition t, jsonb_array_elements(t.changes) c
        WHERE c ->> 'state' = 'COMPLETED' GROUP BY 1, 2, c ->> 'path' HAVING count(*) > 1""",
    "the history has a gap": """
        SELECT e.id, e.seq, count(t.seq) FROM executions_execution e
        LEFT JOIN executions_transition t ON t.execution_id = e.id
        GROUP BY e.id HAVING count(t.seq) <> e.seq OR max(t.seq) <> e.seq""",
    "an older owner wrote after a newer one": """
        SELECT a.execution_id, a.seq FROM executions_transition a
        JOIN executions_transition b ON b.execution_id = a.execution_id AND b.seq = a.seq + 1
        WHERE b.fence < a.fence""",
    "an ended execution still holds something": """
        SELECT id FROM executions_execution WHERE status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')
        AND (owner IS NOT NULL OR runnable_at IS NOT NULL)""",
    "an ended execution has an open node run": """
        SELECT n.execution_id, n.node_id, n.state FROM executions_noderun n
        JOIN executions_execution e ON e.id = n.execution_id
        WHERE e.status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')
          AND n.state NOT IN ('COMPLETED', 'FAILED', 'SKIPPED', 'CANCELED')""",
    "an ended execution has an open question": """
        SELECT w.id FROM executions_wait w JOIN executions_execution e ON e.id = w.execution_id
        WHERE e.status IN ('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT') AND w.resolved_at IS NULL""",
    "a row belongs to another workspace than its execution": """
        SELECT n.execution_id FROM executions_noderun n JOIN executions_execution e ON e.id = n.execution_id
        WHERE n.workspace_id <> e.workspace_id""",
    "one delivery started two executions": """
        SELECT dedupe_key FROM executions_execution WHERE dedupe_key IS NOT NULL
        GROUP BY workspace_id, dedupe_key HAVING count(*) > 1""",
}


def unfinished(url: str) -> int:
    """How many executions have not ended; -1 while the database cannot be asked."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute(f"SELECT count(*) FROM ({UNFINISHED}) u").fetchone()
            return int(row[0]) if row else -1
    except psycopg.OperationalError:
        return -1


def complaints(url: str, *, accepted: dict[int, str], effects: Path, reviewed: set[str]) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    found: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for what, query in {"an execution never ended": UNFINISHED, **INVARIANTS}.items():
            rows = connection.execute(query.encode()).fetchall()
            if rows:
                found.append(f"{what}: {len(rows)}, first {rows[0]}")
        ids = {str(row[0]) for row in connection.execute("SELECT id FROM executions_execution").fetchall()}
    lost = set(accepted.values()) - ids
    if lost:
        found.append(f"accepted and not there: {sorted(lost)}")
    if len(set(accepted.values())) != len(accepted):
        found.append("two orders were given one execution")
    if ids - set(accepted.values()):
        found.append(f"executions nobody asked for: {len(ids - set(accepted.values()))}")
    return found + _effects(effects, ids, reviewed)


def _effects(effects: Path, ids: set[str], reviewed: set[str]) -> list[str]:
    found: list[str] = []
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in effects.read_text().splitlines():
        entry = json.loads(line)
        keys[entry["body"]["execution"], entry["body"]["node"]].append(entry["key"])
    for (execution, node), seen in keys.items():
        if len(set(seen)) > 1:
            found.append(f"{node} of {execution} was asked for under {len(set(seen))} keys")
        if node == "post" and len(seen) > 1:
            found.append(f"post of {execution} happened {len(seen)} times without anybody deciding so")
    for execution in ids:
        if (execution, "post") not in keys and execution not in reviewed:
            found.append(f"post of {execution} never happened, and nobody was asked")
    return found
