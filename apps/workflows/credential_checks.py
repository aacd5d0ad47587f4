"""Whether the credentials a definition names are there, fit, and may be used by whoever publishes or starts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.suggest import shown
from apps.integrations import selectors as integrations
from apps.integrations import services
from apps.integrations.models import Credential
from apps.integrations.uses import Use
from apps.workflows.credentials import NOWHERE, Json, Place, as_json, named, references, steps
from apps.workflows.graph import Finding, Fix, GraphInvalid
from apps.workflows.graph.findings import error, warning
from apps.workflows.models import Workflow

LOOKED_AT = 20
OFFERED = 3
"""So many other credentials are offered for one that cannot be used."""


def credential_findings(workspace_id: UUID, definition: Json, actor: Actor | None = None) -> tuple[Finding, ...]:
    """What the lint cannot know: credentials that are missing, do not fit, or that the actor may not use.

    Of a node that is switched off they are only warnings. Call it inside `tenant()`.
    """
    named = references(definition)
    ids = {place.reference.credential for place in named if place.reference} - {NOWHERE}
    known = integrations.credentials_by_id(workspace_id, ids) if ids else {}
    found = [(place, finding) for place in named if (finding := _finding(place, known, actor)) is not None]
    return tuple(replace(finding, fixes=tuple(_others(workspace_id, place, actor))) for place, finding in found)


def _others(workspace_id: UUID, place: Place, actor: Actor | None) -> Iterator[Fix]:
    """Credentials that fit there and that the actor may use."""
    reference = place.reference
    if actor is None or reference is None:
        return
    fitting = integrations.credentials(workspace_id, actor, use=place.slot.use)[:LOOKED_AT]
    for row in [each for each in fitting if services.may_use(actor, each)][:OFFERED]:
        value = as_json(reference.model_copy(update={"credential": row.id, "name": row.name, "type": row.type}))
        edit = {"op": "set", "node": place.node.id, "path": steps(place.path)[2:], "value": value}
        yield Fix(f"Use “{shown(row.name)}”", (edit,))


def require_credentials(workspace_id: UUID, definition: Json, actor: Actor) -> None:
    """Raises `GraphInvalid` unless every credential is there, fits, and may be used by the actor."""
    refused = [each for each in credential_findings(workspace_id, definition, actor) if each.severity == "error"]
    if refused:
        raise GraphInvalid(refused)


def with_names(workspace_id: UUID, definition: Json) -> Json:
    """The definition with what the workspace's credentials are called now, for a file. Holds no secret."""
    ids = {place.reference.credential for place in references(definition) if place.reference} - {NOWHERE}
    if not ids:
        return definition
    known = integrations.credentials_by_id(workspace_id, ids)
    return named(definition, {row.id: (row.name, row.type) for row in known.values() if not row.is_private})


def uses_of(workspace_id: UUID, credential_id: UUID) -> list[Use]:
    """Every node of a draft or a published version that names the credential."""
    rows = (
        Workflow.objects.filter(workspace_id=workspace_id, deleted_at=None)
        .select_related("active_version")
        .extra(  # a text search over JSON, which no lookup of Django's makes
            where=["(workflows_workflow.draft::text LIKE %s OR workflows_version.definition::text LIKE %s)"],
            params=[f"%{credential_id}%", f"%{credential_id}%"],
        )
        .order_by("name")
    )
    return [use for row in rows for use in _uses_in(row, credential_id)]


def _uses_in(row: Workflow, credential_id: UUID) -> Iterator[Use]:
    published = row.active_version.definition if row.active_version else {}
    wheres: tuple[tuple[Literal["draft", "published"], Json], ...] = (("draft", row.draft), ("published", published))
    for where, definition in wheres:
        for place in references(definition):
            if place.reference and place.reference.credential == credential_id:
                yield Use(row.id, row.name, place.node.id, place.node.name, where)


def _finding(place: Place, known: dict[UUID, Credential], actor: Actor | None) -> Finding | None:
    reference, node = place.reference, place.node
    assert reference is not None
    say = warning if node.disabled else error
    row = known.get(reference.credential)
    if row is None or (actor is not None and not services.is_visible(actor, row)):
        called = f" “{shown(reference.name)}”" if reference.name else ""
        return say(
            "credential.missing",
            place.path,
            f"“{shown(node.name)}” needs the credential{called}, which is not here.",
            "Choose one on the page “Credentials” of the workflow.",
            node_id=node.id,
        )
    if row.type not in integrations.fitting(place.slot.use):
        return say(
            "credential.wrong_type",
            place.path,
            f"“{row.name}” does not fit “{shown(node.name)}”.",
            "Choose another one on the page “Credentials” of the workflow.",
            node_id=node.id,
        )
    if actor is not None and not services.may_use(actor, row):
        return say(
            "credential.not_allowed",
            place.path,
            f"{actor.label} may not use the credential “{row.name}”.",
            "Let somebody publish it who may, or choose another one.",
            node_id=node.id,
        )
    return None
