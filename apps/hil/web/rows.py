"""The inbox as its list shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from apps.hil import selectors
from apps.hil.models import Interaction, Kind, Priority
from apps.hil.web.words import SOON, age, time_left

PER_PAGE = 50
WAITING, REVIEWS, ANSWERED = "waiting", "unknown", "answered"
TABS = (WAITING, REVIEWS, ANSWERED)
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


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading. `key`: `unknown`, `soon`, `later` or empty."""

    key: str
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One tab of the inbox, on one of its pages. `digest` changes when anything a reader sees does.

    `waiting` counts all that waits, `reviews` the steps among it whose outcome nobody saw.
    """

    tab: str
    groups: tuple[Group, ...]
    page: Page[Interaction]
    waiting: int
    reviews: int
    digest: str

    @property
    def ids(self) -> list[UUID]:
        """The questions on this page, as they stand."""
        return [item.id for group in self.groups for item in group.items]


def listing(*, workspace_id: UUID, base_url: str, tab: str, page: Any, now: datetime) -> Listing:
    """A tab of the inbox. `page` may be anything a query holds; what is no page shows the nearest one."""
    if tab == ANSWERED:
        found = Paginator(selectors.inbox_closed(workspace_id=workspace_id), PER_PAGE).get_page(page)
        items = tuple(item_of(row, base_url, now) for row in found)
        groups: tuple[Group, ...] = (Group("", "", items),) if items else ()
        waiting = selectors.interaction_pending_count(workspace_id=workspace_id)
    else:
        rows = selectors.inbox_waiting(workspace_id=workspace_id, only_reviews=tab == REVIEWS)
        found = Paginator(rows, PER_PAGE).get_page(page)
        groups = tuple(_groups(list(found), base_url, now))
        waiting = found.paginator.count
        if tab == REVIEWS:
            waiting = selectors.interaction_pending_count(workspace_id=workspace_id)
    reviews = selectors.review_pending_count(workspace_id=workspace_id)
    seen = [
        (group.key, [(item.id, item.status, item.age if tab == ANSWERED else "") for item in group.items])
        for group in groups
    ]
    digest = hashlib.sha256(repr((tab, found.number, waiting, reviews, seen)).encode()).hexdigest()[:16]
    return Listing(tab, groups, found, waiting, reviews, digest)


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
    )
