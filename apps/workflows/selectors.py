"""Named reads. The workspace comes first."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from shlex import quote
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

from apps.core.suggest import shown
from apps.nodes.contract import Trigger
from apps.workflows.errors import FolderUnknown, VariableUnknown, VersionUnknown
from apps.workflows.errors import WorkflowUnknown as WorkflowUnknown
from apps.workflows.graph import GraphNode, Settings, draft_of, reads_variables
from apps.workflows.models import Folder, Status, Variable, Version, Workflow
from apps.workflows.samples import sample_input

MOST_WORDS = 8


NO_FOLDER = "/"
"""As a folder to look in: those that are in none."""
SORTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"newest": ("-id",), "edited": ("-updated_at", "-id"), "name": ("name_folded", "id")}
)


def workflow_list(
    workspace_id: UUID,
    *,
    status: str = "",
    q: str = "",
    folder: str = "",
    tags: Collection[str] = (),
    sort: str = "newest",
) -> QuerySet[Workflow]:
    """The workflows of a workspace, in the order of one of `SORTS`.

    Without a status, archived ones are left out. Each word of `q` stands in the name, the description, the folder or a
    tag. `folder`: in it or in one inside it; `NO_FOLDER`: in none. `tags`: with all of these.
    """
    rows = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None)
    rows = rows.select_related("active_version")
    rows = rows.filter(status=status) if status else rows.exclude(status=Status.ARCHIVED)
    if folder == NO_FOLDER:
        rows = rows.filter(folder=None)
    elif folder:
        rows = within(rows, folder)
    if words := q.split()[:MOST_WORDS]:
        tagged = Func(F("tags"), Value(", "), function="array_to_string", output_field=TextField())
        rows = rows.alias(tag_text=tagged)
        for word in words:
            places = ("name", "description", "folder__path", "tag_text")
            rows = rows.filter(reduce(or_, (Q(**{f"{place}__icontains": word}) for place in places)))
    if tags:
        rows = rows.filter(tags__contains=list(tags))
    return rows.alias(name_folded=Lower("name")).order_by(*SORTS[sort])


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """A folder in the tree. `count`: the workflows in it and in those inside it, archived ones aside."""

    id: UUID
    path: str
    count: int

    @property
    def name(self) -> str:
        """What it is called where it stands."""
        return self.path.rpartition("/")[2]

    @property
    def depth(self) -> int:
        """In how many folders it is."""
        return self.path.count("/")


def folder_list(workspace_id: UUID) -> list[FolderInfo]:
    """The folders of a workspace as a tree from top to bottom: each followed by those in it. One statement."""
    shown = Q(workflows__deleted_at=None) & ~Q(workflows__status=Status.ARCHIVED)
    rows = Folder.objects.filter(workspace_id=workspace_id).annotate(own=Count("workflows", filter=shown))
    found = sorted(rows, key=lambda each: [part.lower() for part in each.path.split("/")])
    totals: dict[str, int] = dict.fromkeys((each.path for each in found), 0)
    for each in found:
        parts = each.path.split("/")
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth])
            totals[above] = totals.get(above, 0) + each.own
    return [FolderInfo(each.id, each.path, totals[each.path]) for each in found]


def folder_rows(workspace_id: UUID, *, q: str = "") -> QuerySet[Folder]:
    """The folders of a workspace, newest first; `q` looks in their paths."""
    rows = Folder.objects.filter(workspace_id=workspace_id)
    return (rows.filter(path__icontains=q.strip()) if q.strip() else rows).order_by("-id")


def folder_get(workspace_id: UUID, folder_id: UUID) -> Folder:
    """One folder. Raises `FolderUnknown`."""
    found = Folder.objects.filter(workspace_id=workspace_id, id=folder_id).first()
    if found is None:
        raise FolderUnknown
    return found


def tag_list(workspace_id: UUID) -> list[tuple[str, int]]:
    """The tags in use, by name, with how many workflows have them, archived ones aside. One statement."""
    rows = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None).exclude(status=Status.ARCHIVED)
    tag = Func(F("tags"), function="unnest", output_field=TextField())
    counted = rows.annotate(tag=tag).values("tag").annotate(n=Count("id")).values_list("tag", "n")
    return sorted(counted, key=lambda row: row[0].lower())


def workflows_of(workspace_id: UUID, workflow_ids: Collection[UUID]) -> QuerySet[Workflow]:
    """These workflows as far as they are there, archived ones included, by name."""
    rows = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None, id__in=list(workflow_ids))
    return rows.select_related("active_version", "folder").order_by(Lower("name"), "id")


def within(rows: QuerySet[Any], path: str, name: str = "folder__path") -> QuerySet[Any]:
    """The rows in a folder or in one inside it."""
    return rows.filter(Q(**{name: path}) | Q(**{f"{name}__startswith": f"{path}/"}))


def workflow_get(workspace_id: UUID, workflow_id: UUID) -> Workflow:
    """One workflow with its latest published version. Raises `WorkflowUnknown`."""
    rows = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None)
    found = rows.select_related("active_version", "folder").filter(id=workflow_id).first()
    if found is None:
        raise WorkflowUnknown
    return found


def workflow_named(workspace_id: UUID, id_or_name: str) -> Workflow:
    """One workflow by its id or its name, archived ones included. Raises `WorkflowUnknown`, also when several fit."""
    try:
        return workflow_get(workspace_id, UUID(id_or_name))
    except ValueError:
        pass
    rows = Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None, name=id_or_name)
    found = list(rows.select_related("active_version", "folder").order_by("id")[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise WorkflowUnknown(f"Several workflows are named “{shown(id_or_name)}”.", hint="Name it by its id.")
    message = f"There is no workflow “{shown(id_or_name)}” in this workspace."
    raise WorkflowUnknown(message, hint="Copy its id from its address; names are compared letter by letter.")


def version_get(workspace_id: UUID, version_id: UUID) -> Version:
    """One version or snapshot. Raises `VersionUnknown`."""
    found = Version.objects.filter(workspace_id=workspace_id, id=version_id).first()
    if found is None:
        raise VersionUnknown
    return found


def version_list(workspace_id: UUID, workflow_id: UUID) -> QuerySet[Version]:
    """The published versions of a workflow, newest first."""
    rows = Version.objects.filter(workspace_id=workspace_id, workflow_id=workflow_id, number__isnull=False)
    return rows.order_by("-id")


def version_by_number(workspace_id: UUID, workflow_id: UUID, number: int) -> Version:
    """One published version. Raises `VersionUnknown`."""
    found = version_list(workspace_id, workflow_id).filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise VersionUnknown(f"The workflow has no version {number}.")
    return found


# ── Variables ────────────────────────────────────────────────────────────────────────────────────────────────────────


def variable_list(workspace_id: UUID, *, q: str = "") -> QuerySet[Variable]:
    """The variables of a workspace by key; `q` looks in keys and notes."""
    rows = Variable.objects.filter(workspace_id=workspace_id)
    if q.strip():
        rows = rows.filter(Q(key__icontains=q.strip()) | Q(note__icontains=q.strip()))
    return rows.order_by("key")


def variable_get(workspace_id: UUID, variable_id: UUID) -> Variable:
    """One variable. Raises `VariableUnknown`."""
    found = Variable.objects.filter(workspace_id=workspace_id, id=variable_id).first()
    if found is None:
        raise VariableUnknown
    return found


def variable_values(workspace_id: UUID) -> dict[str, Any]:
    """What `$vars` is in this workspace now: one statement."""
    return dict(Variable.objects.filter(workspace_id=workspace_id).values_list("key", "value"))


def variable_keys(workspace_id: UUID, definition: Any) -> frozenset[str] | None:
    """The variables that exist, for the lint; None, without asking, when the definition reads none."""
    if not reads_variables(definition):
        return None
    return frozenset(Variable.objects.filter(workspace_id=workspace_id).values_list("key", flat=True))


# ── Triggers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TriggerInfo:
    """A trigger as people and programs see it: where a webhook is called, and which header it wants proof in."""

    node_id: str
    name: str
    subtype: str
    icon: str
    address: str
    method: str
    url: str
    secret_header: str
    is_active: bool

    @property
    def starts(self) -> str:
        """What starts it, in a few words."""
        return f"{self.method} /{self.address.partition(' ')[2]}" if self.method else self.name

    @property
    def takes_body(self) -> bool:
        """Whether it is called with a body."""
        return bool(self.url) and self.method not in ("GET", "DELETE")

    def curl(self, body: Any) -> str:
        """The command that calls it with this body; empty when it is not called from outside."""
        if not self.url:
            return ""
        lines = [f"curl -X {self.method} '{self.url}'"]
        if self.secret_header:
            lines.append(f"-H '{self.secret_header}: …'")
        if self.takes_body:
            lines.append(f"-H 'Content-Type: application/json' -d {quote(json.dumps(body, ensure_ascii=False))}")
        return " \\\n  ".join(lines)


def trigger_list(workspace_slug: str, workflow: Workflow) -> list[TriggerInfo]:
    """The triggers of the version that is active, or else of the draft."""
    is_active = workflow.status == Status.ACTIVE and workflow.active_version is not None
    definition = workflow.active_version.definition if is_active and workflow.active_version else workflow.draft
    draft, _ = draft_of(definition)
    found = []
    for node in draft.nodes.values():
        if not issubclass(node.cls, Trigger) or node.disabled:
            continue
        address = node.cls.address(node.params, node_id=node.id) or ""
        method, _, path = address.partition(" ") if node.subtype == "WEBHOOK" else ("", "", "")
        url = webhook_url(workspace_slug, path) if path else ""
        header = _secret_header(node.params.get("secret"))
        info = TriggerInfo(node.id, node.name, node.subtype, node.cls.icon, address, method, url, header, is_active)
        found.append(info)
    return found


def trigger_sample(workflow: Workflow, node: GraphNode) -> Any:
    """What a trigger of the draft could be given when somebody starts it by hand, guessed from what is read of it; None
    where nothing of it is read.
    """
    assert issubclass(node.cls, Trigger)
    mark = "\x00given"
    taken = node.cls.accept(node.params, mark)
    # What is given by hand may be but one part of what is delivered, as the body is of a webhook's call.
    part = [key for key, value in taken.items() if value == mark] if isinstance(taken, Mapping) else []
    found: Any = sample_input(draft_of(workflow.draft)[0], node.id)
    for key in part:
        found = found.get(key) if isinstance(found, dict) else None
    return found or None


def _secret_header(secret: Any) -> str:
    if not isinstance(secret, Mapping) or secret.get("kind") not in ("header", "hmac", "own"):
        return ""
    known = _SIGNATURE_HEADERS.get(str(secret.get("preset"))) if secret["kind"] == "hmac" else None
    return known or str(secret.get("header") or ("X-Webhook-Secret" if secret["kind"] == "header" else "X-Signature"))


_SIGNATURE_HEADERS = {
    "github": "X-Hub-Signature-256",
    "slack": "X-Slack-Signature",
    "stripe": "Stripe-Signature",
    "standard": "webhook-signature",
}


def webhook_url(workspace_slug: str, path: str) -> str:
    """Where others call a webhook."""
    return f"{settings.BASE_URL}/webhooks/{workspace_slug}/{path}"


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """All a webhook call needs to start an execution."""

    workspace_id: UUID
    workflow_id: UUID
    workflow_name: str
    version_id: UUID
    node_id: str
    trigger_id: UUID
    params: dict[str, Any]
    settings: Settings
    queue: str


WEBHOOK_FIND_SQL = "SELECT * FROM workflows_webhook_find(%s, %s, %s)"


def webhook_target(row: tuple[Any, ...]) -> WebhookTarget:
    """The target of a row of `workflows_webhook_find`, for callers that run the query themselves."""
    params, given = (json.loads(value) if isinstance(value, str) else value for value in row[6:8])
    workspace_id, workflow_id, workflow_name, version_id, node_id, trigger_id = row[:6]
    return WebhookTarget(
        workspace_id=workspace_id,
        workflow_id=workflow_id,
        workflow_name=workflow_name,
        version_id=version_id,
        node_id=node_id,
        trigger_id=trigger_id,
        params=params,
        settings=Settings.model_validate(given),
        queue=row[8],
    )


def webhook_find(workspace_slug: str, method: str, path: str) -> WebhookTarget | None:
    """The active webhook at an address, in any workspace: one look-up, no tenant needed."""
    with connection.cursor() as cursor:
        cursor.execute(WEBHOOK_FIND_SQL, [workspace_slug, method.upper(), path.strip("/")])
        row = cursor.fetchone()
    return webhook_target(row) if row else None


def webhook_methods(workspace_slug: str, path: str) -> list[str]:
    """The methods under which an address is listened to; empty when nobody listens there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM workflows_webhook_methods(%s, %s)", [workspace_slug, path.strip("/")])
        return [method for (method,) in cursor.fetchall()]
