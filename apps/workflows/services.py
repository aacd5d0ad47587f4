"""Named writes. Each is one transaction in one workspace and leaves an audit event in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from apps.accounts.access import objects
from apps.accounts.access.actor import Actor
from apps.accounts.access.objects import Kind
from apps.accounts.services import audit_record, audit_recorded
from apps.core import jsonclean
from apps.core.clock import now as clock_now
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant
from apps.nodes.contract import Trigger
from apps.workflows import arranging, graph
from apps.workflows.credential_checks import require_credentials as require_credentials
from apps.workflows.errors import DraftConflict, NotActive, PathTaken, WorkflowUnknown
from apps.workflows.graph import Finding, Graph, GraphInvalid, errors_in
from apps.workflows.graph.findings import error
from apps.workflows.lint import lint, no_draft
from apps.workflows.models import ActiveTrigger, Status, Version, Workflow
from apps.workflows.presence import tell_saved
from apps.workflows.selectors import version_by_number
from apps.workflows.transfer import normalised

Json = Any
EMPTY: dict[str, Json] = {"nodes": [], "connections": [], "settings": {}}
MAX_NAME = 200
MAX_TEXT = 10_000
DRAWING = timedelta(minutes=10)
"""What one person changes of one draft within it is one entry of the record."""


def workflow_create(
    *,
    workspace_id: UUID,
    actor: Actor,
    name: str,
    description: str = "",
    definition: Json = None,
    folder: str = "",
    tags: Sequence[str] = (),
) -> Workflow:
    """A new workflow with a draft (empty without a definition), in a folder that is made if it is missing.

    Raises `GraphInvalid` (400) for what is no definition at all, `Invalid` for a name, folder or tag that is none.
    """
    draft = _draft(EMPTY if definition is None else definition)
    tags = arranging.clean_tags(tags)
    with tenant(workspace_id):
        at = clock_now()
        workflow = Workflow.objects.create(
            workspace_id=workspace_id,
            name=_text(name, "name", MAX_NAME),
            description=_text(description, "description", MAX_TEXT),
            folder=arranging.folder_at(workspace_id, folder),
            tags=tags,
            draft=draft,
            created_by=actor.user,
            created_at=at,
            updated_at=at,
        )
        _record(workflow, actor, "created")
    return workflow


def workflow_update(
    *,
    workspace_id: UUID,
    workflow_id: UUID,
    actor: Actor,
    name: str | None = None,
    description: str | None = None,
    definition: Json = None,
    draft_revision: int | None = None,
    folder: str | None = None,
    tags: Sequence[str] | None = None,
) -> Workflow:
    """Change what is given and leave the rest; the draft's revision counts its changes.

    With `draft_revision` (the one that was read) a change that somebody else made meanwhile is not overwritten: raises
    `DraftConflict` (409). Raises `GraphInvalid` or `Invalid` as `workflow_create` does.
    """
    draft = None if definition is None else _draft(definition)
    with tenant(workspace_id):
        workflow = _locked(workspace_id, workflow_id, actor)
        if draft_revision is not None and draft_revision != workflow.draft_revision:
            raise DraftConflict(
                f"The draft is at revision {workflow.draft_revision}, not {draft_revision}: somebody changed it.",
                draft_revision=workflow.draft_revision,
            )
        changed = []
        if name is not None and (name := _text(name, "name", MAX_NAME)) != workflow.name:
            workflow.name = name
            changed.append("name")
        if description is not None and (text := _text(description, "description", MAX_TEXT)) != workflow.description:
            workflow.description = text
            changed.append("description")
        if draft is not None and draft != workflow.draft:
            workflow.draft = draft
            workflow.draft_revision += 1
            changed += ["draft", "draft_revision"]
        if changed:
            _save(workflow, *changed)
            if "draft" in changed:
                tell_saved(workflow.id, revision=workflow.draft_revision, by=actor)
            told = [part for part in changed if part != "draft_revision"]
            if told != ["draft"] or not _is_drawing(workflow, actor):
                _record(workflow, actor, "updated", {"changed": told})
        one: dict[str, Any] = {"workspace_id": workspace_id, "workflow_ids": [workflow.id], "actor": actor}
        if folder is not None:
            arranging.workflows_move(**one, folder=folder)
        if tags is not None:
            gone = [tag for tag in workflow.tags if tag not in tags]
            arranging.workflows_tag(**one, add=tags, remove=gone)
        if folder is not None or tags is not None:
            workflow.refresh_from_db(fields=["folder", "tags"])
    return workflow


def workflow_delete(*, workspace_id: UUID, workflow_id: UUID, actor: Actor) -> None:
    """Take a workflow away: it starts nothing any more and shows nowhere. Its executions finish and stay."""
    with tenant(workspace_id):
        workflow = _locked(workspace_id, workflow_id, actor)
        ActiveTrigger.objects.filter(workspace_id=workspace_id, workflow=workflow).delete()
        workflow.status = Status.ARCHIVED
        workflow.deleted_at = clock_now()
        _save(workflow, "status", "deleted_at")
        _record(workflow, actor, "deleted")


# ── Versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def workflow_publish(*, workspace_id: UUID, workflow_id: UUID, actor: Actor, note: str = "") -> Version:
    """Make the draft the workflow's version. A draft that has not changed since gives the version it became then.

    An active workflow listens with the new version from this moment on. Raises `GraphInvalid` (400) with every error
    of the lint, or with the credentials that are missing or that the actor may not use, `PathTaken` (409).
    """
    with tenant(workspace_id):
        workflow = _locked(workspace_id, workflow_id, actor)
        version = _publish(workflow, actor, _text(note, "note", MAX_TEXT))
        if workflow.status == Status.ACTIVE:
            _listen(workflow, version, clock_now())
    return version


def version_restore(
    *, workspace_id: UUID, workflow_id: UUID, actor: Actor, number: int, draft_revision: int | None = None
) -> Workflow:
    """Make a published version the draft again. What is live stays so until the draft is published.

    Raises `VersionUnknown`, and `DraftConflict` (409) as `workflow_update` does.
    """
    with tenant(workspace_id):
        version = version_by_number(workspace_id, workflow_id, number)
        workflow = workflow_update(
            workspace_id=workspace_id,
            workflow_id=workflow_id,
            actor=actor,
            definition=version.definition,
            draft_revision=draft_revision,
        )
        _record(workflow, actor, "restored", {"version": number})
    return workflow


def version_snapshot(*, workspace_id: UUID, workflow_id: UUID, actor: Actor) -> Version:
    """The draft as it is now, kept for a test run; the same draft gives the same snapshot. Raises `GraphInvalid`,
    also for credentials the actor may not use.
    """
    with tenant(workspace_id):
        workflow = _locked(workspace_id, workflow_id)
        compiled = _sound(workflow.draft)
        require_credentials(workspace_id, workflow.draft, actor)
        digest = _digest(workflow.draft)
        kept = Version.objects.filter(workflow=workflow, number=None, digest=digest).first()
        return kept or _version(workflow, compiled, actor, number=None, digest=digest, note="")


def _publish(workflow: Workflow, actor: Actor, note: str) -> Version:
    compiled = _sound(workflow.draft)
    digest = _digest(workflow.draft)
    latest = workflow.active_version
    if latest is not None and latest.digest == digest:
        return latest
    require_credentials(workflow.workspace_id, workflow.draft, actor)
    number = (Version.objects.filter(workflow=workflow).aggregate(last=Max("number"))["last"] or 0) + 1
    version = _version(workflow, compiled, actor, number=number, digest=digest, note=note)
    workflow.active_version = version
    _save(workflow, "active_version")
    _record(workflow, actor, "published", {"version": number, "note": note})
    return version


def _version(
    workflow: Workflow, compiled: Graph, actor: Actor, *, number: int | None, digest: str, note: str
) -> Version:
    return Version.objects.create(
        workspace_id=workflow.workspace_id,
        workflow=workflow,
        number=number,
        definition=workflow.draft,
        digest=digest,
        queue=compiled.queue,
        note=note,
        published_by_id=actor.user.id if actor.user else actor.maker_id,
        published_by_label=actor.label[:300],
        published_at=clock_now(),
    )


# ── Life ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def workflow_activate(*, workspace_id: UUID, workflow_id: UUID, actor: Actor) -> Workflow:
    """Let the triggers of the latest version start executions, from the moment this returns.

    Publishes the draft first when nothing has been published yet. Raises `GraphInvalid` (400) when the version has
    errors, `PathTaken` (409) naming the workflow that listens there already.
    """
    with tenant(workspace_id):
        workflow = _locked(workspace_id, workflow_id, actor)
        version = workflow.active_version or _publish(workflow, actor, "")
        _listen(workflow, version, clock_now())
        if workflow.status != Status.ACTIVE:
            workflow.status = Status.ACTIVE
            _save(workflow, "status")
            _record(workflow, actor, "activated", {"version": version.number})
    return workflow


def workflow_pause(*, workspace_id: UUID, workflow_id: UUID, actor: Actor) -> Workflow:
    """Stop the triggers; what runs goes on. Raises `NotActive` (409) for a workflow that was never active."""
    with tenant(workspace_id):
        workflow = _locked(workspace_id, workflow_id, actor)
        if workflow.status not in (Status.ACTIVE, Status.PAUSED):
            raise NotActive(f"“{workflow.name}” is {workflow.get_status_display().lower()}, so it cannot be paused.")
        return _silence(workflow, actor, Status.PAUSED, "paused")


def workflow_archive(*, workspace_id: UUID, workflow_id: UUID, actor: Actor) -> Workflow:
    """Put a workflow away: its triggers stop, lists leave it out. Activating it brings it back."""
    with tenant(workspace_id):
        return _silence(_locked(workspace_id, workflow_id, actor), actor, Status.ARCHIVED, "archived")


def workflows_silence(*, workspace_id: UUID) -> int:
    """Pause every active workflow of a workspace that was closed: nothing starts any more. Gives how many."""
    with tenant(workspace_id):
        ActiveTrigger.objects.filter(workspace_id=workspace_id).delete()
        rows = Workflow.objects.filter(workspace_id=workspace_id, status=Status.ACTIVE)
        return rows.update(status=Status.PAUSED, updated_at=clock_now())


def _silence(workflow: Workflow, actor: Actor, status: Status, verb: str) -> Workflow:
    ActiveTrigger.objects.filter(workspace_id=workflow.workspace_id, workflow=workflow).delete()
    if workflow.status != status:
        workflow.status = status
        _save(workflow, "status")
        _record(workflow, actor, verb)
    return workflow


def _listen(workflow: Workflow, version: Version, at: datetime) -> None:
    """Make the active triggers those of this version. A trigger that stays keeps its row, so its schedule goes on."""
    compiled = _sound(version.definition)
    wanted = _addresses(workflow, compiled)
    mine = {(row.subtype, row.key): row for row in ActiveTrigger.objects.filter(workflow=workflow)}
    for address in mine.keys() - wanted.keys():
        mine[address].delete()
    for address, (node_id, params) in wanted.items():
        row = mine.get(address)
        if row is None:
            _occupy(workflow, version, address, node_id, params, at)
        elif (row.version_id, row.node_id, row.params) != (version.id, node_id, params):
            row.version, row.node_id, row.params = version, node_id, params
            row.save(update_fields=["version", "node_id", "params"])


def _addresses(workflow: Workflow, compiled: Graph) -> dict[tuple[str, str], tuple[str, dict[str, Json]]]:
    found = {}
    for node_id in compiled.triggers:
        node = compiled.nodes[node_id]
        assert issubclass(node.cls, Trigger)
        # node ids are unique in a workflow only, addresses in a workspace
        keys = node.cls.addresses(node.params, node_id=f"{workflow.id}:{node_id}")
        if not keys:
            continue
        params = node.cls.Params.model_validate(node.params).model_dump(mode="json", by_alias=True)
        if params.get("timezone") == "":
            params["timezone"] = compiled.settings.timezone
        for key in keys:
            found[node.subtype, key] = (node_id, params)
    return found


def _occupy(
    workflow: Workflow, version: Version, address: tuple[str, str], node_id: str, params: Json, at: datetime
) -> None:
    subtype, key = address
    try:
        with transaction.atomic():
            ActiveTrigger.objects.create(
                workspace_id=workflow.workspace_id,
                subtype=subtype,
                key=key,
                workflow=workflow,
                version=version,
                node_id=node_id,
                params=params,
                active_since=at,
            )
    except IntegrityError:
        other = ActiveTrigger.objects.filter(workspace_id=workflow.workspace_id, subtype=subtype, key=key)
        holder_id = other.values_list("workflow_id", flat=True).first()
        if holder_id is None:
            raise
        holder = Workflow.objects.filter(workspace_id=workflow.workspace_id, id=holder_id).first()
        # One that is hidden from who activates this one is not named.
        known: dict[str, Any] = {"workflow_id": str(holder.id), "workflow_name": holder.name} if holder else {}
        raise PathTaken(
            f"{f'“{holder.name}”' if holder else 'Another workflow'} listens to {key} already.",
            errors=[FieldError(path=f"nodes[{_place(version, node_id)}].params", message=f"{key} is taken.")],
            **known,
        ) from None


def _place(version: Version, node_id: str) -> int:
    return next(at for at, node in enumerate(version.definition["nodes"]) if node["id"] == node_id)


# ── What the writes share ────────────────────────────────────────────────────────────────────────────────────────────


def _locked(workspace_id: UUID, workflow_id: UUID, actor: Actor | None = None) -> Workflow:
    rows = Workflow.objects.select_for_update(of=("self",)).select_related("active_version")
    found = rows.filter(workspace_id=workspace_id, deleted_at=None, id=workflow_id).first()
    if found is None:
        raise WorkflowUnknown
    if actor is not None:
        objects.require(
            workspace_id=workspace_id,
            actor=actor,
            kind=Kind.WORKFLOW,
            object_id=workflow_id,
            level="edit",
            name=found.name,
        )
    return found


def _save(workflow: Workflow, *fields: str) -> None:
    workflow.updated_at = clock_now()
    workflow.save(update_fields=[*fields, "updated_at"])


def _record(workflow: Workflow, actor: Actor, verb: str, data: dict[str, Json] | None = None) -> None:
    audit_record(
        workspace_id=workflow.workspace_id,
        actor=actor,
        action=f"workflow.{verb}",
        target=workflow.name,
        data={"workflow_id": str(workflow.id)} | (data or {}),
    )


def _is_drawing(workflow: Workflow, actor: Actor) -> bool:
    """Whether the record says already that they are changing this draft: an editor saves every few seconds."""
    return audit_recorded(
        workspace_id=workflow.workspace_id,
        actor=actor,
        action="workflow.updated",
        data={"workflow_id": str(workflow.id), "changed": ["draft"]},
        since=clock_now() - DRAWING,
    )


def _draft(definition: Json) -> Json:
    """The definition as a draft, which may have errors as long as its shape can be understood.

    Other products' connections and names are taken for ours, as long as nothing of them would be lost.
    """
    definition, remarks = normalised(definition)
    lost = [remark for remark in remarks if remark.kind == "left_out"]
    refused: tuple[Finding, ...] = tuple(
        error("import.left_out", remark.path, f"{remark.node}: {remark.message}".strip(": "), remark.hint)
        for remark in lost
    )
    refused = refused or no_draft(lint(definition))
    if refused:
        raise GraphInvalid(refused)
    return EMPTY | definition


def _sound(definition: Json) -> Graph:
    """The graph of a definition without errors. Raises `GraphInvalid` with all of them."""
    refused = errors_in(lint(definition))
    if refused:
        raise GraphInvalid(refused)
    return graph.compile(definition)


def _digest(definition: Json) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _text(value: str, path: str, longest: int) -> str:
    jsonclean.check(value, path=path)
    value = value.strip()
    if path == "name" and not value:
        message = "A workflow needs a name."
    elif len(value) > longest:
        message = f"The {path} has {len(value):,} characters; at most {longest:,} are accepted."
    else:
        return value
    raise Invalid(message, errors=[FieldError(path=path, message=message)])
