"""The inbox as its list shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.hil import selectors
from apps.hil.models import Interaction, Kind, Priority
from apps.hil.selectors import Counts
from apps.hil.web.words import SOON, age, time_left

PER_PAGE = 50
WAITING, TEAM, EVERY, REVIEWS, ANSWERED = "waiting", "team", "all", "unknown", "answered"
TABS = (WAITING, TEAM, EVERY, REVIEWS, ANSWERED)
MOST_VOTED = 20
ICONS = {
    Kind.CONFIRMATION: "user-check",
    Kind.INPUT: "square-pen",
    Kind.DECISION: "list-filter",
    Kind.REVIEW: "eye",
    Kind.REVIEW_UNKNOWN: "rotate-cw",
}
OUTCOME_ICONS = {"primary": "circle-check", "danger": "circle-x"}


@dataclass(frozen=True, slots=True)
class Item:
    """One question in the list."""

    id: UUID
    url: str
    title: str
    workflow: str
    tile: str
    icon: str
    is_review: bool
    at: datetime
    age: str
    deadline_at: datetime | None
    left: str
    is_soon: bool
    urgency: str
    status: str
    outcome: str
    outcome_icon: str
    by: str
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for in a tab, as the address says it."""

    q: str = ""
    kind: str = ""
    priority: str = ""
    workflow: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """What a query asks for; what cannot be is left out."""
        kind, priority = given.get("kind", ""), given.get("priority", "")
        return cls(
            q=given.get("q", "").replace("\x00", "").strip()[:200],
            kind=kind if kind in Kind.values else "",
            priority=priority if priority.upper() in Priority.names else "",
            workflow=given.get("workflow", "") if _uuid(given.get("workflow", "")) else "",
        )

    @property
    def query(self) -> dict[str, str]:
        """The part of the address that says the same."""
        named = {"q": self.q, "kind": self.kind, "priority": self.priority, "workflow": self.workflow}
        return {name: value for name, value in named.items() if value}

    def within(self, found: QuerySet[Interaction]) -> QuerySet[Interaction]:
        """Those that fit."""
        return selectors.searched(
            found,
            q=self.q,
            kind=self.kind,
            priority=Priority[self.priority.upper()] if self.priority else None,
            workflow=_uuid(self.workflow),
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading. `key`: `unknown`, `soon`, `later`, `voted` or empty."""

    key: str
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One tab of the inbox, on one of its pages. `digest` changes when anything a reader sees does.

    `waiting` counts what waits for the reader, `reviews` the steps among all that waits whose outcome nobody saw.
    """

    tab: str
    groups: tuple[Group, ...]
    page: Page[Interaction]
    counts: Counts
    filters: Filters
    digest: str

    @property
    def waiting(self) -> int:
        """What waits for the reader."""
        return self.counts.mine

    @property
    def reviews(self) -> int:
        """The steps that wait for somebody to say what became of them."""
        return self.counts.reviews

    @property
    def ids(self) -> list[UUID]:
        """The questions on this page, as they stand."""
        return [item.id for group in self.groups for item in group.items]


def listing(
    *,
    workspace_id: UUID,
    user_id: UUID | None,
    base_url: str,
    tab: str,
    page: Any,
    now: datetime,
    filters: Filters | None = None,
) -> Listing:
    """A tab of the inbox of somebody (None: of a reader who answers nothing, who sees all that waits).

    `page` may be anything a query holds; what is no page shows the nearest one.
    """
    filters = filters or Filters()
    counts = selectors.inbox_counts(workspace_id=workspace_id, user_id=user_id)
    known: int | None = None
    if tab == ANSWERED:
        rows = selectors.inbox_closed(workspace_id=workspace_id)
    else:
        rows = selectors.inbox_waiting(workspace_id=workspace_id, only_reviews=tab == REVIEWS)
        if tab in (WAITING, TEAM) and user_id is not None:
            rows = selectors.of_person(rows, "mine" if tab == WAITING else "team", user_id)
        known = {WAITING: counts.mine, TEAM: counts.team, EVERY: counts.every, REVIEWS: counts.reviews}[tab]
    pages = Paginator(filters.within(rows), PER_PAGE)
    if known is not None and not filters.query:
        pages.__dict__["count"] = known  # what it would look up once more
    found = pages.get_page(page)
    if tab == ANSWERED:
        items = tuple(item_of(row, base_url, now) for row in found)
        groups: tuple[Group, ...] = (Group("", "", items),) if items else ()
    else:
        groups = tuple(_groups(list(found), base_url, now))
    if counts.voted and tab == WAITING and user_id is not None and found.number == 1:
        voted = filters.within(selectors.inbox_voted(workspace_id=workspace_id, user_id=user_id))[:MOST_VOTED]
        items = tuple(item_of(row, base_url, now) for row in voted)
        groups += (Group("voted", _("You answered, others have not yet"), items),) if items else ()
    seen = [
        (
            group.key,
            [(item.id, item.status, item.progress, item.age if tab == ANSWERED else "") for item in group.items],
        )
        for group in groups
    ]
    digest = hashlib.sha256(repr((tab, filters, found.number, counts, seen)).encode()).hexdigest()[:16]
    return Listing(tab, groups, found, counts, filters, digest)


def _groups(rows: Iterable[Interaction], base_url: str, now: datetime) -> Iterable[Group]:
    end_of_tomorrow = datetime.combine(now.date() + timedelta(days=2), time.min, tzinfo=now.tzinfo)
    named: dict[str, list[Item]] = {"unknown": [], "soon": [], "later": []}
    for row in rows:
        if row.is_review:
            key = "unknown"
        else:
            key = "soon" if row.deadline_at is not None and row.deadline_at < end_of_tomorrow else "later"
        named[key].append(item_of(row, base_url, now))
    labels = {"unknown": _("Outcome unknown"), "soon": _("Due today and tomorrow"), "later": _("Later")}
    return (Group(key, labels[key], tuple(items)) for key, items in named.items() if items)


def item_of(row: Interaction, base_url: str, now: datetime) -> Item:
    """One question as a row."""
    deadline, moment = row.deadline_at, row.created_at if row.is_pending else row.closed_at or row.created_at
    return Item(
        id=row.id,
        url=f"{base_url}{row.id}/",
        title=row.title,
        workflow=row.workflow.name,
        tile="EXTERNAL_ACTION" if row.is_review else "HUMAN_IN_THE_LOOP",
        icon=ICONS[Kind(row.kind)],
        is_review=row.is_review,
        at=moment,
        age=age(moment, now),
        deadline_at=deadline if row.is_pending else None,
        left=time_left(deadline, now) if deadline else "",
        is_soon=deadline is not None and deadline - now < SOON,
        urgency={Priority.HIGH: _("High"), Priority.CRITICAL: _("Critical")}.get(Priority(row.priority), "")
        if not row.is_review
        else "",
        status=row.status,
        outcome=row.outcome_word,
        outcome_icon=OUTCOME_ICONS.get(row.outcome_style, "circle-check"),
        by=row.answered_by or "",
        progress=row.progress if row.is_pending else "",
    )
