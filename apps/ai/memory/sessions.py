"""The rows of a session, as a run of an agent reads and adds to them. No connection is held while others are asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Sum
from django.db.models.functions import Length

from apps.ai.memory.window import tokens_of, trimmed
from apps.ai.models import MemoryFact, MemoryKind, MemoryMessage, MemoryPiece, MemorySession
from apps.ai.models.memories import INDEXED_DIMENSIONS
from apps.core import clock, jsonclean
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.contract import Message, NodeError, Place

MOST_SESSIONS = 100_000
"""In a workspace."""
MOST_KEPT = 2_000
"""Messages in a session; the oldest go first. They are the ones a page shows, far more than a model is given."""
LONGEST_VALUE = 2_000
EXACT_UP_TO = 5_000
"""Pieces of a session that are compared one by one: an index that holds everybody's finds less of few, and later."""


@dataclass(frozen=True, slots=True)
class Session:
    """Which session, and for whom. `workflow_id` None: the whole workspace's."""

    place: Place
    kind: MemoryKind
    key: str
    workflow_id: UUID | None
    ttl_seconds: float | None

    @property
    def run(self) -> str:
        """The run that it is read and written by: what is remembered under it is remembered once."""
        return f"{self.place.execution_id}/{self.place.node_id}/{self.place.path}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, from the oldest to the newest message, by their numbers; and the summary of what lies before."""

    messages: tuple[tuple[int, Message], ...] = ()
    summary: str = ""
    summarised_to: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known."""

    subject: str
    name: str
    value: str


@contextmanager
def reached(place: Place) -> Iterator[None]:
    """A transaction in the run's workspace. Raises `NodeError` `ai.memory_away` when the database cannot be reached."""
    try:
        with tenant(place.workspace_id):
            yield
    except (OperationalError, InterfaceError):
        raise NodeError(
            "ai.memory_away", "The database could not be reached.", "It is tried again.", retryable=True
        ) from None
    finally:
        if not connection.in_atomic_block:
            connection.close()


def read(session: Session, *, most: int = MOST_KEPT) -> Conversation:
    """The newest messages of the session that its summary does not cover."""
    with reached(session.place):
        row = _row(session)
        if row is None:
            return Conversation()
        found = MemoryMessage.objects.filter(session=row, seq__gt=row.summarised_to).order_by("-seq")[:most]
        messages = tuple((each.seq, Message.model_validate(each.message)) for each in reversed(found))
        return Conversation(messages, row.summary, row.summarised_to)


def add(session: Session, said: Iterable[Message]) -> None:
    """Add what was said in this run, all of it after whatever is there. A second time nothing is added."""
    kept = [trimmed(message) for message in said if message.role != "system"]
    with reached(session.place):
        row = _locked(session)
        if MemoryMessage.objects.filter(session=row, run=session.run).exists():
            return
        now, ids = clock.now(), sorted(uuid7() for _ in kept)
        MemoryMessage.objects.bulk_create(
            MemoryMessage(
                id=ids[number - 1],
                workspace_id=row.workspace_id,
                session=row,
                run=session.run,
                at=now,
                seq=row.last_seq + number,
                message=jsonclean.cleaned(message.model_dump(mode="json")),
                tokens=tokens_of(message),
            )
            for number, message in enumerate(kept, start=1)
        )
        row.last_seq += len(kept)
        MemoryMessage.objects.filter(session=row, seq__lte=row.last_seq - MOST_KEPT).delete()
        count(row)


def summarise(session: Session, summary: str, *, before: int, to: int) -> bool:
    """Put a summary that covers all up to message `to` in the place of one that covers those up to `before`.

    Whether it was done: another run may have been faster.
    """
    with reached(session.place):
        row = _locked(session)
        if row.summarised_to != before:
            return False
        row.summary, row.summarised_to = summary, to
        count(row)
        return True


def facts(session: Session) -> list[Fact]:
    """What is known, the newest first."""
    with reached(session.place):
        row = _row(session)
        found = MemoryFact.objects.filter(session=row).order_by("-at", "-id") if row else []
        return [Fact(each.subject, each.name, each.value) for each in found]


def learn(session: Session, learnt: Sequence[Fact], *, most: int) -> None:
    """Keep these facts, each in the place of one of the same subject and name; past `most` the oldest are forgotten."""
    with reached(session.place):
        row = _locked(session)
        now = clock.now()
        for fact in learnt:
            MemoryFact.objects.update_or_create(
                session=row,
                subject=fact.subject,
                name=fact.name,
                defaults={"workspace_id": row.workspace_id, "value": fact.value, "run": session.run, "at": now},
            )
        kept = MemoryFact.objects.filter(session=row).order_by("-at", "-id").values_list("id", flat=True)[:most]
        MemoryFact.objects.filter(session=row).exclude(id__in=list(kept)).delete()
        count(row)


def unlearn(session: Session, name: str) -> bool:
    """Forget what is known under a name. Whether there was something."""
    with reached(session.place):
        row = _locked(session)
        gone, _ = MemoryFact.objects.filter(session=row, subject="", name=name).delete()
        count(row)
        return bool(gone)


def put_piece(session: Session, text: str, model: str, vector: Sequence[float]) -> None:
    """Keep what was said in this run, to be found by its meaning. A second time nothing is kept."""
    with reached(session.place):
        row = _locked(session)
        _, is_new = MemoryPiece.objects.get_or_create(
            session=row,
            run=session.run,
            defaults={
                "workspace_id": row.workspace_id,
                "at": clock.now(),
                "text": jsonclean.cleaned(text),
                "model": model,
                "dimensions": len(vector),
                "embedding": list(vector),
            },
        )
        row.entries, row.size = row.entries + is_new, row.size + is_new * len(text)
        row.save()


def has_piece(session: Session) -> bool:
    """Whether this run is kept already."""
    with reached(session.place):
        row = _row(session)
        return row is not None and MemoryPiece.objects.filter(session=row, run=session.run).exists()


def near(session: Session, model: str, vector: Sequence[float], *, most: int) -> list[tuple[str, float]]:
    """The pieces of the session that are nearest in meaning, and how alike they are (1 is the same)."""
    with reached(session.place):
        row = _row(session)
        return [] if row is None else nearest(row, model, vector, most=most)


def nearest(row: MemorySession, model: str, vector: Sequence[float], *, most: int) -> list[tuple[str, float]]:
    """See `near`. Runs inside `tenant()`."""
    length = len(vector)
    sought = f"[{','.join(repr(float(each)) for each in vector)}]"
    stored, given = "embedding", "%(sought)s::vector"
    with connection.cursor() as cursor:
        if row.entries > EXACT_UP_TO and length in INDEXED_DIMENSIONS:
            stored, given = f"embedding::halfvec({length})", f"%(sought)s::halfvec({length})"
            # Rows of other sessions stand between those of this one: the index is read on until enough are found.
            cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = 100")
        cursor.execute(
            f"""SELECT text, 1 - ({stored} <=> {given}) FROM ai_memory_piece
                WHERE session_id = %(session)s AND dimensions = {length} AND model = %(model)s
                ORDER BY {stored} <=> {given} LIMIT %(most)s""",
            {"sought": sought, "session": row.id, "model": model, "most": most},
        )
        return [(text, float(alike)) for text, alike in cursor.fetchall()]


# ── One row ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _row(session: Session) -> MemorySession | None:
    found = MemorySession.objects.filter(
        workspace_id=session.place.workspace_id, workflow_id=session.workflow_id, kind=session.kind, key=session.key
    ).first()
    over = found is not None and found.expires_at is not None and found.expires_at <= clock.now()
    return None if over else found


def _locked(session: Session) -> MemorySession:
    """The session's row, locked until the transaction ends; made where there is none, begun anew where it is over."""
    now = clock.now()
    same = {
        "workspace_id": session.place.workspace_id,
        "workflow_id": session.workflow_id,
        "kind": session.kind,
        "key": session.key,
    }
    is_new = not MemorySession.objects.filter(**same).exists()
    if is_new:
        if MemorySession.objects.filter(workspace_id=session.place.workspace_id).count() >= MOST_SESSIONS:
            raise NodeError(
                "ai.memories_full",
                f"The workspace has {MOST_SESSIONS:,} memories, which is the most there may be.",
                "Clear those nobody needs under Settings, Memories, or let them be forgotten sooner.",
            )
        MemorySession.objects.bulk_create(
            [MemorySession(id=uuid7(), used_at=now, created_at=now, **same)], ignore_conflicts=True
        )
    row = MemorySession.objects.select_for_update().get(**same)
    if row.expires_at is not None and row.expires_at <= now:
        forget(row)
        row.summary, row.summarised_to = "", row.last_seq
    _use(row, session)
    return row


def _use(row: MemorySession, session: Session) -> None:
    row.used_at = clock.now()
    row.expires_at = None if session.ttl_seconds is None else row.used_at + timedelta(seconds=session.ttl_seconds)
    row.used_by_workflow, row.used_by_node = session.place.workflow_id, session.place.node_id
    row.used_by_execution = session.place.execution_id


def forget(row: MemorySession) -> None:
    """Delete everything in a session, but not the session."""
    for kept in (MemoryMessage, MemoryFact, MemoryPiece):
        kept.objects.filter(session=row).delete()


def count(row: MemorySession) -> None:
    """Bring the session's figures up to date, and write it. Runs inside `tenant()`."""
    messages = MemoryMessage.objects.filter(session=row)
    known = MemoryFact.objects.filter(session=row)
    pieces = MemoryPiece.objects.filter(session=row)
    row.entries = messages.count() + known.count() + pieces.count()
    tokens = messages.aggregate(all=Sum("tokens"))["all"] or 0
    texts = [rows.aggregate(all=Sum(Length(name)))["all"] or 0 for rows, name in ((known, "value"), (pieces, "text"))]
    row.size = tokens * 4 + sum(texts) + len(row.summary)
    row.save()
