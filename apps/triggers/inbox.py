"""Reading the inbox: what arrived, what was sent with it, and whether it can be replayed. Named reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from apps.core.errors import DomainError
from apps.executions import payloads
from apps.executions import selectors as executions
from apps.executions.models import Execution
from apps.triggers.deliveries import shown_headers, shown_query
from apps.triggers.errors import CannotReplay, DeliveryUnknown, ReplayUnknown
from apps.triggers.models import Delivery, Replay, ReplayItem

VERDICTS = ("accepted", "duplicate", "merged", "refused", "limited", "captured")
DAY = timedelta(days=1)
SOURCES = ("webhook", "schedule", "event", "execution", "test")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries: those with these ids, or those that fit. `since` and `until` are moments of arrival."""

    ids: tuple[UUID, ...] = ()
    workflow_id: UUID | None = None
    node_id: str = ""
    verdict: str = ""
    source: str = ""
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a job and shown; ids only by their number."""
        found = {
            "count": len(self.ids) or None,
            "workflow_id": self.workflow_id and str(self.workflow_id),
            "node_id": self.node_id,
            "verdict": self.verdict,
            "source": self.source,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "search": self.search,
        }
        return {name: value for name, value in found.items() if value}


def delivery_list(workspace_id: UUID, wanted: Wanted) -> QuerySet[Delivery]:
    """The deliveries that fit, the newest first, without what was sent. `search` looks in ids and labels."""
    rows = Delivery.objects.filter(workspace_id=workspace_id).defer("request")
    if wanted.ids:
        return rows.filter(id__in=wanted.ids).order_by("-id")
    exact = {
        name: value for name in ("workflow_id", "node_id", "verdict", "source") if (value := getattr(wanted, name))
    }
    rows = rows.filter(**exact)
    if wanted.since:
        rows = rows.filter(received_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(received_at__lt=wanted.until)
    text = wanted.search.strip()
    if text:
        try:
            rows = rows.filter(id=UUID(text))
        except ValueError:
            rows = rows.filter(Q(external_id=text) | Q(label__icontains=text) | Q(remote=text))
    return rows.order_by("-id")


def replayable(workspace_id: UUID, wanted: Wanted) -> QuerySet[Delivery]:
    """Those of them that can be replayed."""
    kept = Execution.objects.filter(workspace_id=workspace_id, id=OuterRef("execution_id"))
    rows = delivery_list(workspace_id, wanted).filter(is_whole=True, workflow_id__isnull=False)
    rows = rows.exclude(verdict="captured")
    has_content = Q(request__isnull=False) | Q(by_reference__isnull=False) | Exists(kept)
    return rows.filter(has_content)


def verdict_counts(workspace_id: UUID, wanted: Wanted, *, since: datetime) -> dict[str, int]:
    """How many deliveries of the day before `since` had which verdict, those that were not kept included."""
    rows = delivery_list(workspace_id, wanted).filter(received_at__gte=since - DAY).order_by()
    counted = rows.values_list("verdict").annotate(count=Count("id"), more=Sum("repeats"))
    return {verdict: count + (more or 0) for verdict, count, more in counted}


def delivery_get(workspace_id: UUID, delivery_id: UUID) -> Delivery:
    """One delivery. Raises `DeliveryUnknown`."""
    found = delivery_find(workspace_id, delivery_id)
    if found is None:
        raise DeliveryUnknown
    return found


def delivery_find(workspace_id: UUID, delivery_id: UUID) -> Delivery | None:
    """One delivery, if there is one."""
    return Delivery.objects.filter(workspace_id=workspace_id, id=delivery_id).first()


def why_not(found: Delivery) -> str:
    """Why a delivery cannot be replayed, in a sentence; empty when it can, as far as its row tells."""
    if found.workflow_id is None:
        return "Nobody listened at this address, so there is nothing to start."
    if found.verdict == "captured":
        return "It was sent to a test address. Use it as the input of a test instead."
    if not found.is_whole:
        return "Its sender did not prove who it is, so it starts nothing."
    return ""


def request_of(found: Delivery) -> Any:
    """What was sent: kept with the delivery, or else with the execution it started.

    Raises `CannotReplay` when that is gone by now, `StorageAway`, `ObjectMissing`. Must run inside `tenant()`.
    """
    if found.by_reference:
        return payloads.value_of(found, "request")
    if found.request is not None:
        return found.request
    execution = None
    if found.execution_id is not None:
        execution = Execution.objects.filter(workspace_id=found.workspace_id, id=found.execution_id).first()
    if execution is None:
        raise CannotReplay("What was sent is gone: it was deleted together with its execution.")
    return executions.execution_value(execution=execution, name="input")


@dataclass(frozen=True, slots=True)
class Content:
    """What was sent, as it may be seen; `missing` says why it cannot be shown."""

    value: Any = None
    missing: str = ""


def content_of(found: Delivery) -> Content:
    """What was sent with a delivery, secrets in headers and address hidden. Must run inside `tenant()`."""
    try:
        value = request_of(found)
    except DomainError as gone:
        return Content(missing=gone.message)
    if isinstance(value, dict) and isinstance(value.get("headers"), dict) and found.source in ("webhook", "test"):
        value = value | {"headers": shown_headers(value["headers"])}
        if isinstance(value.get("query"), dict):
            value = value | {"query": shown_query(value["query"])}
    return Content(value)


def replays_of(found: Delivery) -> list[Delivery]:
    """The replays of a delivery, the newest first, at most 50."""
    rows = Delivery.objects.filter(
        workspace_id=found.workspace_id, workflow_id=found.workflow_id, node_id=found.node_id, replay_of=found.id
    )
    return list(rows.filter(id__gt=found.id).defer("request").order_by("-id")[:50])


# ── Jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def replay_list(workspace_id: UUID) -> QuerySet[Replay]:
    """The replays of many, the newest first."""
    return Replay.objects.filter(workspace_id=workspace_id).order_by("-id")


def replay_get(workspace_id: UUID, replay_id: UUID, *, is_locked: bool = False) -> Replay:
    """One replay of many. Raises `ReplayUnknown`."""
    rows = replay_list(workspace_id)
    found = (rows.select_for_update() if is_locked else rows).filter(id=replay_id).first()
    if found is None:
        raise ReplayUnknown
    return found


def item_list(
    workspace_id: UUID, replay_id: UUID, *, state: str = "", after: UUID | None = None, limit: int = 100
) -> list[ReplayItem]:
    """The deliveries of a replay in the order they are taken, from the one after `after` on."""
    found = ReplayItem.objects.filter(workspace_id=workspace_id, replay_id=replay_id).order_by("delivery_id")
    if state:
        found = found.filter(state=state)
    if after:
        found = found.filter(delivery_id__gt=after)
    return list(found[:limit])
