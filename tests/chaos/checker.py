"""An independent judge: reads the tables as a superuser, and the receiver's log. It knows nothing of the engine."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

ENDED = "('SUCCESS', 'ERROR', 'CANCELED', 'TIMED_OUT')"
OPEN_RUN = "('PENDING', 'RUNNING', 'WAITING_INPUT', 'RETRYING', 'NEEDS_REVIEW')"

# What must be empty, whatever happened. Each query names what it found; `mine` are the executions that are judged.
INVARIANTS = {
    "never ended": f"SELECT id, status, error FROM mine WHERE status NOT IN {ENDED}",
    "ended badly": f"SELECT id, status, error FROM mine WHERE status IN {ENDED} AND status <> ALL (%(ends)s)",
    "blamed for what its process suffered": """
        SELECT id, error FROM mine WHERE error ->> 'code' = 'executions.worker_lost'""",
    "a node run was committed as completed twice": """
        SELECT t.execution_id, c ->> 'node_id', count(*)
        FROM executions_transition t JOIN mine ON mine.id = t.execution_id, jsonb_array_elements(t.changes) c
        WHERE c ->> 'state' = 'COMPLETED' GROUP BY 1, 2, c ->> 'path' HAVING count(*) > 1""",
    "the history has a gap": """
        SELECT e.id, e.seq, count(t.seq) FROM mine e LEFT JOIN executions_transition t ON t.execution_id = e.id
        GROUP BY e.id, e.seq HAVING count(t.seq) <> e.seq OR max(t.seq) <> e.seq""",
    "an older owner wrote after a newer one": """
        SELECT a.execution_id, a.seq FROM executions_transition a JOIN mine ON mine.id = a.execution_id
        JOIN executions_transition b ON b.execution_id = a.execution_id AND b.seq = a.seq + 1
        WHERE b.fence < a.fence""",
    "something was written after the end": f"""
        SELECT t.execution_id, t.seq FROM executions_transition t
        JOIN mine ON mine.id = t.execution_id, jsonb_array_elements(t.changes) c
        WHERE c ->> 'status' IN {ENDED} AND t.seq < mine.seq""",
    "an ended execution still holds something": f"""
        SELECT id FROM mine WHERE status IN {ENDED} AND (owner IS NOT NULL OR runnable_at IS NOT NULL)""",
    "an ended execution has an open node run": f"""
        SELECT n.execution_id, n.node_id, n.state FROM executions_noderun n JOIN mine e ON e.id = n.execution_id
        WHERE e.status IN {ENDED} AND n.state IN {OPEN_RUN}""",
    "an ended execution has an open wait": f"""
        SELECT w.id FROM executions_wait w JOIN mine e ON e.id = w.execution_id
        WHERE e.status IN {ENDED} AND w.resolved_at IS NULL""",
    "a wait was closed twice": """
        SELECT c -> 'wait' ->> 'id', count(*)
        FROM executions_transition t JOIN mine ON mine.id = t.execution_id, jsonb_array_elements(t.changes) c
        WHERE c -> 'wait' ->> 'resolved_at' IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    "a row belongs to another workspace than its execution": """
        SELECT n.execution_id FROM executions_noderun n JOIN mine e ON e.id = n.execution_id
        WHERE n.workspace_id <> e.workspace_id""",
    "one delivery started two executions": """
        SELECT dedupe_key FROM mine WHERE dedupe_key IS NOT NULL GROUP BY workspace_id, dedupe_key
        HAVING count(*) > 1""",
}

# A write that ran when its owner was lost: what the table says next about the node must be that nobody knows.
AMBIGUOUS = """
    SELECT t.execution_id::text, c ->> 'node_id' AS node_id, t.seq, t.fence, c ->> 'state' AS state
    FROM executions_transition t JOIN mine ON mine.id = t.execution_id, jsonb_array_elements(t.changes) c
    WHERE c ->> 'node_id' = ANY (%(nodes)s) ORDER BY 1, 2, 3"""


class Judge:
    """Judges the executions of some workflows. `ends`: the states in which they may end."""

    def __init__(self, url: str, workflows: Sequence[str], *, ends: Sequence[str] = ("SUCCESS",)) -> None:
        self.url, self.workflows, self.ends = url, list(workflows), list(ends)

    def rows(self, query: str, **given: Any) -> list[tuple[Any, ...]]:
        """What a query over `mine` finds."""
        mine = "WITH mine AS (SELECT * FROM executions_execution WHERE workflow_id = ANY (%(workflows)s::uuid[]))"
        values = {"workflows": self.workflows, "ends": self.ends} | given
        with psycopg.connect(self.url, autocommit=True, connect_timeout=2) as connection:
            return connection.execute(f"{mine} {query}".encode(), values).fetchall()

    def unfinished(self) -> int:
        """How many executions have not ended; -1 while the database cannot be asked."""
        try:
            return int(self.rows(f"SELECT count(*) FROM mine WHERE status NOT IN {ENDED}")[0][0])
        except psycopg.OperationalError:
            return -1

    def await_end(self, seconds: float, *, every: float = 0.1) -> float:
        """Wait until all have ended, for at most so many seconds. How long that took."""
        began = time.monotonic()
        while self.unfinished() != 0 and time.monotonic() - began < seconds:
            time.sleep(every)
        return time.monotonic() - began

    def complaints(self) -> list[str]:
        """Which invariants do not hold; empty when all is well."""
        found = []
        for what, query in INVARIANTS.items():
            rows = self.rows(query)
            if rows:
                found.append(f"{what}: {len(rows)}, first {tuple(map(str, rows[0]))}")
        return found

    def losses(self, accepted: Mapping[Any, str]) -> list[str]:
        """Whether what was accepted is there, once, and nothing else."""
        ids = {str(row[0]) for row in self.rows("SELECT id FROM mine")}
        given = list(accepted.values())
        found = []
        if set(given) - ids:
            found.append(f"accepted and not there: {len(set(given) - ids)}, first {min(set(given) - ids)}")
        if ids - set(given):
            found.append(f"executions nobody asked for: {len(ids - set(given))}, first {min(ids - set(given))}")
        if len(set(given)) != len(given):
            found.append(f"two orders were given one execution: {len(given) - len(set(given))} times")
        return found

    def start_seconds(self) -> list[float]:
        """How long each execution waited for its start, in order."""
        return sorted(
            float(row[0])
            for row in self.rows(
                "SELECT extract(epoch FROM started_at - created_at) FROM mine WHERE started_at IS NOT NULL"
            )
        )

    def ambiguous(self, nodes: Sequence[str]) -> tuple[set[str], list[str]]:
        """The executions in which a write ran when its owner was lost, and those of which nobody was told."""
        seen: dict[tuple[str, str], tuple[str, int]] = {}
        doubtful, hidden = set(), []
        for execution, node, _, fence, state in self.rows(AMBIGUOUS, nodes=list(nodes)):
            before = seen.get((execution, node))
            if before is not None and before[0] == "RUNNING" and before[1] != fence:
                doubtful.add(execution)
                if state != "NEEDS_REVIEW":
                    hidden.append(f"{node} of {execution} went from RUNNING to {state}, and its owner had changed")
            seen[execution, node] = (state, fence)
        return doubtful, hidden


class Effects:
    """What the receiver was asked to do, by execution and node."""

    def __init__(self, log: Path) -> None:
        self.asked: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.hung_up: list[dict[str, Any]] = []
        self.hooks: list[dict[str, Any]] = []
        for line in log.read_text().splitlines():
            entry = json.loads(line)
            if "hung_up" in entry:
                self.hung_up.append(entry)
            elif "hook" in entry:
                self.hooks.append(entry)
            else:
                self.asked[entry["body"]["execution"], entry["body"]["node"]].append(entry)

    def done(self, node: str, executions: Iterable[str]) -> Counter[int]:
        """How many executions had this effect how many times."""
        return Counter(sum(entry["done"] for entry in self.asked.get((each, node), ())) for each in executions)

    def repeats(self, node: str, executions: Iterable[str]) -> int:
        """How often it was asked for once more than necessary."""
        return sum(max(0, len(self.asked.get((each, node), ())) - 1) for each in executions)

    def complaints(self, executions: Iterable[str], *, once: Sequence[str], ever: Sequence[str] = ()) -> list[str]:
        """Effects under changing keys; those of `once` that happened twice; those of either that never happened."""
        ids, found = set(executions), []
        for (execution, node), seen in self.asked.items():
            if execution in ids and len({entry["key"] for entry in seen}) > 1:
                found.append(f"{node} of {execution} was asked for under {len({e['key'] for e in seen})} keys")
        for node in once:
            counts = self.done(node, ids)
            found += [f"{node} happened {times} times in {n} executions" for times, n in counts.items() if times != 1]
        for node in ever:
            never = self.done(node, ids)[0]
            if never:
                found.append(f"{node} never happened in {never} executions")
        return found
