"""Logs, page by page: of one execution in the order of its checkpoints, of a workspace with the newest first.

Nothing but what nodes say is stored for it; lines are told from checkpoints as they are read, so a page costs the same
however long the log is. When a filter lets little through, a page may be short and still have a next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.errors import FieldError, Invalid
from apps.executions import log_rows, story, trace
from apps.executions.engine.said import progress_of
from apps.executions.log_rows import Found, Place
from apps.executions.models import Execution
from apps.executions.story import LEVELS, Entry, Record, View

CHUNK = 200
MAX_CHUNKS = 10  # checkpoints told for one page: at most 2,000
MOST_AT_WORK = 20
_TELLERS: dict[str, ModuleType] = {"business": story, "technical": trace}


class CursorUnknown(Invalid):
    """The cursor is not one this log gave out."""

    code = "executions.log_cursor"
    default_hint = "Use the address in `next`, or the `id` of a line, as it is."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to tell. `level` is the least grave one; `node` an id or a name; `node_type` a type or a subtype."""

    view: View = "business"
    level: str = "debug"
    node: str = ""
    node_type: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    only_milestones: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line in its place. `id` is `<checkpoint>.<number>`, unique in its execution and view, and never changes."""

    seq: int
    number: int
    entry: Entry
    record: Record

    @property
    def id(self) -> str:
        """What `after` takes."""
        return f"{self.seq}.{self.number}"

    @property
    def node_name(self) -> str:
        """The node's name, with the round of what is repeated; empty for the whole execution."""
        entry = self.entry
        return self.record.names_of(entry.node_id, entry.path) if entry.node_id else ""

    def as_dict(self) -> dict[str, Any]:
        """The line as the API gives it."""
        entry = self.entry
        return {
            "id": self.id,
            "at": entry.at.isoformat(),
            "level": entry.level,
            "kind": entry.kind,
            "node_id": entry.node_id,
            "node": self.node_name or None,
            "path": entry.path,
            "is_milestone": entry.is_milestone,
            "message": entry.message,
            "data": entry.data,
        }

    def as_dict_with_execution(self) -> dict[str, Any]:
        """The same with whose line it is, for the log of a workspace."""
        execution = self.record.execution
        return self.as_dict() | {
            "execution_id": str(execution.id),
            "workflow_id": str(execution.workflow_id),
            "workflow_name": execution.workflow.name,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, where the reading has come to (`last`), and where to go on (`next`, None at the end for now)."""

    lines: list[Line]
    next: str | None
    last: str


# ── One execution ────────────────────────────────────────────────────────────────────────────────────────────────────


def execution_page(*, execution: Execution, wanted: Wanted, after: str = "", size: int = 200) -> Page:
    """The lines of one execution after a cursor, oldest first. Raises `CursorUnknown`.

    `last` of the final page is where a reader who comes back later goes on.
    """
    seq, number = _position(after)
    lines: list[Line] = []
    if (seq, number) < (0, 1):
        record = log_rows.record_of(execution)
        lines += _fitting(wanted, record, 0, [_TELLERS[wanted.view].begun(record)])
        seq, number = 0, 1
    for _ in range(MAX_CHUNKS):
        points = log_rows.points_of(
            workspace_id=execution.workspace_id, execution_id=execution.id, since_seq=max(seq, 1), limit=CHUNK
        )
        for made in _told(execution.workspace_id, points, {execution.id: execution}, wanted):
            skip = number if made.seq == seq else 0  # how much of this checkpoint the reader has
            for line in made.lines:
                if line.number > skip:
                    lines.append(line)
                    if len(lines) == size:
                        return Page(lines, line.id, line.id)
            seq, number = made.seq, made.count
        if len(points) < CHUNK:
            return Page(lines, None, f"{seq}.{number}")
        seq, number = seq + 1, 0
    return Page(lines, f"{seq}.{number}", f"{seq}.{number}")


def at_work(execution: Execution) -> list[dict[str, Any]]:
    """How far the nodes that are running say they are, at most 20 of them."""
    if execution.is_terminal:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT node_id, path, logs FROM executions_noderun
               WHERE execution_id = %s AND workspace_id = %s AND finished_at IS NULL
                 AND logs @? '$[*] ? (@.kind == "progress")' ORDER BY started_at LIMIT %s""",
            [execution.id, execution.workspace_id, MOST_AT_WORK],
        )
        rows = cursor.fetchall()
    record = log_rows.record_of(execution)
    found = []
    for node_id, path, logs in rows:
        told = progress_of(log_rows.value_of(logs)) or {}
        given = {name: told[name] for name in ("done", "total", "message", "at")}
        found.append({"node_id": node_id, "path": path, "node": record.names_of(node_id, path), **given})
    return found


# ── A workspace ──────────────────────────────────────────────────────────────────────────────────────────────────────


def workspace_page(
    *, workspace_id: UUID, wanted: Wanted, workflow_id: UUID | None = None, after: str = "", size: int = 100
) -> Page:
    """The lines of every execution of a workspace, newest first, after (that is: older than) a cursor.

    In the order in which they were committed. Raises `CursorUnknown`.
    """
    lines: list[Line] = []
    resumed, number = _place(after)
    place = resumed
    if place is not None and (number > 1 or (number == 1 and place.seq == 1)):  # it was not told to its beginning
        place = Place(place.at, place.execution_id, place.seq + 1)
    for _ in range(MAX_CHUNKS):
        points, place = log_rows.newest_points(
            workspace_id=workspace_id,
            before=place,
            since=wanted.since,
            until=wanted.until,
            workflow_id=workflow_id,
            is_troubled=wanted.level in ("warning", "error"),
            limit=CHUNK,
        )
        executions = log_rows.executions_of(workspace_id, {each.execution_id for each in points})
        for made in _told(workspace_id, points, executions, wanted, with_beginning=True):
            its_place = Place(made.found.point.at, made.found.execution_id, made.seq)
            for line in reversed(made.lines):
                if its_place == resumed and line.number >= number:
                    continue
                lines.append(line)
                if len(lines) == size:
                    cursor = _cursor(its_place, line.number)
                    return Page(lines, cursor, cursor)
        if place is None:
            return Page(lines, None, "")
    assert place is not None
    return Page(lines, _cursor(place, 0), _cursor(place, 0))


# ── Telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Told:
    """A checkpoint's lines that are wanted, and how many there are in all."""

    found: Found
    seq: int
    lines: Sequence[Line]
    count: int


def _told(
    workspace_id: UUID,
    points: Sequence[Found],
    executions: dict[UUID, Execution],
    wanted: Wanted,
    *,
    with_beginning: bool = False,
) -> Iterator[_Told]:
    records = log_rows.records_of(workspace_id, points, executions)
    teller = _TELLERS[wanted.view]
    for found in points:
        record = records.get(found.execution_id)
        if record is None:
            continue
        seq, entries = found.point.seq, teller.told(record, found.point)
        yield _Told(found, seq, _fitting(wanted, record, seq, entries), len(entries))
        if with_beginning and seq == 1:
            yield _Told(found, 0, _fitting(wanted, record, 0, [teller.begun(record)]), 1)


def _fitting(wanted: Wanted, record: Record, seq: int, entries: Sequence[Entry]) -> list[Line]:
    return [
        Line(seq, number, entry, record)
        for number, entry in enumerate(entries, start=1)
        if _fits(wanted, record, entry)
    ]


def _fits(wanted: Wanted, record: Record, entry: Entry) -> bool:
    if LEVELS.index(entry.level) < LEVELS.index(wanted.level) or (wanted.only_milestones and not entry.is_milestone):
        return False
    if (wanted.since and entry.at < wanted.since) or (wanted.until and entry.at >= wanted.until):
        return False
    node = record.graph.nodes.get(entry.node_id) if entry.node_id else None
    if wanted.node and (node is None or wanted.node not in (node.id, node.name)):
        return False
    if wanted.node_type and (node is None or wanted.node_type not in _kinds(node)):
        return False
    return not wanted.text or wanted.text.casefold() in _searched(record, entry)


def _kinds(node: Any) -> tuple[str, str, str]:
    return node.type, node.subtype, f"{node.type}.{node.subtype}"


def _searched(record: Record, entry: Entry) -> str:
    name = record.names_of(entry.node_id, entry.path) if entry.node_id else ""
    return f"{name}\n{entry.message}".casefold()


# ── Cursors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_POSITION = re.compile(r"(\d{1,15})(?:\.(\d{1,9}))?", re.ASCII)
_PLACE = re.compile(r"([0-9T:.+-]{20,40})_([0-9a-f-]{36})_(\d{1,15})\.(\d{1,9})", re.ASCII)


def _position(cursor: str) -> tuple[int, int]:
    """`12.3`: after the third line of checkpoint 12; `12`: after all of it."""
    if not cursor:
        return 0, 0
    found = _POSITION.fullmatch(cursor)
    if found is None:
        raise CursorUnknown(errors=[FieldError("after", "Not a cursor of this log.")])
    return int(found[1]), int(found[2]) if found[2] else 999_999_999


def _place(cursor: str) -> tuple[Place | None, int]:
    if not cursor:
        return None, 0
    try:
        at, execution_id, seq, number = _PLACE.fullmatch(cursor).groups()  # type: ignore[union-attr]
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return Place(moment, UUID(execution_id), int(seq)), int(number)
    except (AttributeError, ValueError):
        raise CursorUnknown(errors=[FieldError("after", "Not a cursor of this log.")]) from None


def _cursor(place: Place, number: int) -> str:
    return f"{place.at.isoformat()}_{place.execution_id}_{place.seq}.{number}"
