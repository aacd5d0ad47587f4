"""How triggers are: where each stands in its life, what came last, when it comes due next, how its runs end.

Named reads; the workspace comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.suggest import nearest, shown
from apps.integrations import selectors as integrations
from apps.nodes import cadence
from apps.nodes.contract import Trigger
from apps.nodes.params import validated
from apps.triggers import due_times
from apps.triggers.due_times import NeverDue, Over, Rule
from apps.triggers.errors import TriggerUnknown
from apps.triggers.models import Schedule, Switch
from apps.triggers.webhooks.secrets import references
from apps.workflows.graph import GraphNode, draft_of
from apps.workflows.models import ActiveTrigger, Status, Workflow
from apps.workflows.selectors import webhook_url

STREAK_LOOKS_AT = 20
FAILING_FROM = 3
"""So many failed runs in a row, and a trigger is shown as failing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The last delivery of a trigger."""

    received_at: datetime
    verdict: str
    code: str


@dataclass(frozen=True, slots=True)
class TriggerState:
    """A trigger of a workflow, as people see it.

    `state` is draft, deploying, active, paused, failed or ended, with the `reason` in words. `is_active`: nobody
    switched it off by itself. `error_streak` counts the newest runs it started that failed without one between that
    succeeded.
    """

    workflow_id: UUID
    workflow_name: str
    node_id: str
    name: str
    subtype: str
    icon: str
    summary: str
    state: str
    reason: str
    is_active: bool
    is_published: bool
    url: str = ""
    test_url: str = ""
    methods: tuple[str, ...] = ()
    proof: str = ""
    next_at: datetime | None = None
    params: dict[str, Any] = field(default_factory=dict)
    last: Seen | None = None
    error_streak: int = 0

    @property
    def is_failing(self) -> bool:
        """Whether its newest runs all failed."""
        return self.error_streak >= FAILING_FROM

    @property
    def key(self) -> tuple[UUID, str]:
        """Which it is."""
        return (self.workflow_id, self.node_id)


def trigger_states(
    workspace_id: UUID, workspace_slug: str, workflows: Iterable[Workflow], *, now: datetime
) -> list[TriggerState]:
    """The triggers of these workflows, in their order. Six queries, however many there are."""
    wanted = list(workflows)
    ids = [workflow.id for workflow in wanted]
    switches = {
        (row.workflow_id, row.node_id): row
        for row in Switch.objects.filter(workspace_id=workspace_id, workflow_id__in=ids)
    }
    schedules = {
        (row.workflow_id, row.node_id): row
        for row in Schedule.objects.filter(workspace_id=workspace_id, workflow_id__in=ids)
    }
    listening = {
        (row.workflow_id, row.node_id): row
        for row in ActiveTrigger.objects.filter(workspace_id=workspace_id, workflow_id__in=ids)
    }
    missing = _missing(workspace_id, wanted)
    pairs = [(workflow, node, is_live) for workflow in wanted for node, is_live in _nodes(workflow)]
    keys = [(workflow.id, node.id) for workflow, node, _ in pairs]
    seen, streaks = _seen(keys), _streaks(keys)
    found = []
    for workflow, node, is_live in pairs:
        key = (workflow.id, node.id)
        switch, schedule = switches.get(key), schedules.get(key)
        state, reason = _state(workflow, node, is_live, switch, schedule, listening.get(key), now)
        if state == "active" and not missing.isdisjoint(references(_secret_of(node))):
            state, reason = "failed", "The credential it checks deliveries with is gone. Choose another one."
        found.append(
            TriggerState(
                workflow_id=workflow.id,
                workflow_name=workflow.name,
                node_id=node.id,
                name=node.name,
                subtype=node.subtype,
                icon=node.cls.icon,
                summary=_summary(node),
                state=state,
                reason=reason,
                is_active=switch is None,
                is_published=is_live,
                next_at=schedule.next_fire_at if schedule and not schedule.is_paused else None,
                params=dict(node.params),
                last=seen.get(key),
                error_streak=streaks.get(key, 0),
                **_webhook(workspace_slug, node),
            )
        )
    return found


def trigger_state(
    workspace_id: UUID, workspace_slug: str, workflow: Workflow, node_id: str, *, now: datetime
) -> TriggerState:
    """One trigger. Raises `TriggerUnknown`."""
    states = trigger_states(workspace_id, workspace_slug, [workflow], now=now)
    found = next((each for each in states if each.node_id == node_id), None)
    if found is None:
        message = f"“{workflow.name}” has no trigger “{shown(node_id)}”."
        raise TriggerUnknown(message, hint=nearest(node_id, [each.node_id for each in states]))
    return found


def next_times(
    state: TriggerState, workflow: Workflow, now: datetime, *, count: int = 10
) -> tuple[list[datetime], str]:
    """When a schedule comes due next, with its jitter; or why it does not."""
    if state.subtype != "CRON":
        return [], ""
    rule, problem = rule_of(state.params, _zone(workflow))
    if rule is None:
        return [], problem
    by = due_times.jitter_of(state.params, f"{state.workflow_id}:{state.node_id}")
    try:
        return [due + by for due in due_times.next_times(rule, now - by, count=count)], ""
    except NeverDue as never:
        return [], str(never)


def rule_of(params: dict[str, Any], timezone: str) -> tuple[Rule | None, str]:
    """The rule of stored parameters of a CRON node, or what is wrong with them."""
    try:
        zone = params.get("timezone") or timezone
        windows = [{"begins": "09:00", "ends": "17:00", "days": []} | each for each in params.get("windows") or ()]
        return due_times.rule_of(str(params.get("expression") or ""), zone, params | {"windows": windows}), ""
    except NeverDue as never:
        return None, str(never)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None, "Its parameters are not in order; see the findings of the workflow."


def zone_of(state: TriggerState, workflow: Workflow) -> str:
    """The zone in which a schedule's times are meant; UTC where the name is none."""
    name = str(state.params.get("timezone") or _zone(workflow))
    try:
        cadence.zone_of(name)
    except NeverDue:
        return "UTC"
    return name


def _zone(workflow: Workflow) -> str:
    version = workflow.active_version
    settings = ((version.definition if version else workflow.draft) or {}).get("settings") or {}
    return str(settings.get("timezone") or "UTC") if isinstance(settings, dict) else "UTC"


def _nodes(workflow: Workflow) -> list[tuple[GraphNode, bool]]:
    """The triggers of the live version, then those that only the draft has."""
    live = _triggers(workflow.active_version.definition) if workflow.active_version else []
    known = {node.id for node in live}
    return [(node, True) for node in live] + [
        (node, False) for node in _triggers(workflow.draft) if node.id not in known
    ]


def _triggers(definition: Any) -> list[GraphNode]:
    draft, _ = draft_of(definition)
    return [node for node in draft.nodes.values() if issubclass(node.cls, Trigger) and not node.disabled]


def _secret_of(node: GraphNode) -> dict[str, Any] | None:
    secret = node.params.get("secret")
    return secret if isinstance(secret, dict) else None


def _missing(workspace_id: UUID, wanted: Iterable[Workflow]) -> set[UUID]:
    """The credentials that webhooks of these workflows name and that are not there. No query where none is named."""
    named = {each for workflow in wanted for node, _ in _nodes(workflow) for each in references(_secret_of(node))}
    return named - integrations.credentials_by_id(workspace_id, named).keys() if named else set()


def _state(
    workflow: Workflow,
    node: GraphNode,
    is_live: bool,
    switch: Switch | None,
    schedule: Schedule | None,
    listening: ActiveTrigger | None,
    now: datetime,
) -> tuple[str, str]:
    if not is_live:
        return "draft", "It is in the draft only. Publish it to make it live."
    if workflow.status == Status.DRAFT:
        return "draft", "The workflow was never switched on."
    if workflow.status in (Status.PAUSED, Status.ARCHIVED):
        return "paused", "The workflow is paused." if workflow.status == Status.PAUSED else "The workflow is archived."
    if switch is not None:
        why = f": {switch.reason}" if switch.reason else "."
        return "paused", f"Switched off by {switch.paused_by}{why}"
    assert issubclass(node.cls, Trigger)
    if listening is None:
        if node.cls.address(node.params, node_id=node.id) is None:
            return "active", ""
        return "deploying", "It is being switched on."
    if node.subtype != "CRON":
        return "active", ""
    if schedule is None or schedule.version_id != listening.version_id:
        return "deploying", "Schedulers take it up within a second."
    if schedule.next_fire_at is None:
        rule, problem = rule_of(dict(node.params), "UTC")
        try:
            if rule is not None:
                next(rule.after(now))
        except Over:
            return "ended", schedule.error
        except NeverDue as never:
            problem = str(never)
        return "failed", schedule.error or problem
    return "active", ""


def _webhook(slug: str, node: GraphNode) -> dict[str, Any]:
    if node.subtype != "WEBHOOK":
        return {}
    assert issubclass(node.cls, Trigger)
    addresses = node.cls.addresses(node.params, node_id=node.id)
    path = addresses[0].partition(" ")[2]
    secret = node.params.get("secret")
    kind = secret.get("kind", "none") if isinstance(secret, dict) else "none"
    proof = secret.get("preset", "generic") if kind == "hmac" and isinstance(secret, dict) else kind
    url = webhook_url(slug, path)
    return {
        "url": url,
        "test_url": url.replace("/webhooks/", "/webhooks-test/", 1),
        "methods": tuple(address.partition(" ")[0] for address in addresses),
        "proof": str(proof),
    }


def _summary(node: GraphNode) -> str:
    try:
        text = node.cls.summary.format_map(validated(node.cls, dict(node.params)).model_dump())
    except Exception:  # parameters of any shape: the card's second line is not worth an error
        return node.cls.name
    return " · ".join(text.split("\n"))


def _seen(keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Seen]:
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT k.workflow_id, k.node_id, d.received_at, d.verdict, d.code
               FROM unnest(%s::uuid[], %s::text[]) AS k (workflow_id, node_id)
               CROSS JOIN LATERAL (
                   SELECT * FROM triggers_delivery d WHERE d.workflow_id = k.workflow_id AND d.node_id = k.node_id
                   ORDER BY d.id DESC LIMIT 1) d""",
            [[key[0] for key in keys], [key[1] for key in keys]],
        )
        return {(row[0], row[1]): Seen(*row[2:]) for row in cursor.fetchall()}


def _streaks(keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], int]:
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT k.workflow_id, k.node_id, array_agg(e.status ORDER BY d.id DESC)
               FROM unnest(%s::uuid[], %s::text[]) AS k (workflow_id, node_id)
               CROSS JOIN LATERAL (
                   SELECT d.id, d.execution_id FROM triggers_delivery d
                   WHERE d.workflow_id = k.workflow_id AND d.node_id = k.node_id AND d.verdict = 'accepted'
                   ORDER BY d.id DESC LIMIT %s) d
               JOIN executions_execution e ON e.id = d.execution_id
               WHERE e.status IN ('SUCCESS', 'ERROR', 'TIMED_OUT') GROUP BY 1, 2""",
            [[key[0] for key in keys], [key[1] for key in keys], STREAK_LOOKS_AT],
        )
        return {(row[0], row[1]): _leading(row[2]) for row in cursor.fetchall()}


def error_streak(workflow_id: UUID, node_id: str) -> int:
    """How many of the newest runs a trigger started failed without one between that succeeded. Inside `tenant()`."""
    return _streaks([(workflow_id, node_id)]).get((workflow_id, node_id), 0)


def _leading(statuses: Sequence[str]) -> int:
    count = 0
    for status in statuses:
        if status == "SUCCESS":
            break
        count += 1
    return count
