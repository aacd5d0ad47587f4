"""Choosing the credentials of a draft, and moving secrets out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.core.errors import DomainError, FieldError, Invalid
from apps.core.tenancy import tenant
from apps.integrations import selectors as integrations
from apps.integrations import services as credentials
from apps.integrations.models import Credential
from apps.nodes.contract import CredentialRef
from apps.nodes.params import OPENING
from apps.workflows import selectors, services
from apps.workflows.credentials import NOWHERE, Json, Place, as_json, places, replaced
from apps.workflows.graph import draft_of
from apps.workflows.literals import Literal as SecretLiteral
from apps.workflows.literals import literals
from apps.workflows.models import Workflow

State = Literal["none", "ok", "missing", "wrong_type", "not_allowed"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A place of a draft where a credential may be named: what is there, what could be, what probably should.

    `suggestion`: of what came from elsewhere, the one that has the same name and type here. It is bound only when
    somebody says so.
    """

    place: Place
    state: State
    credential: Credential | None
    options: tuple[Credential, ...]
    suggestion: Credential | None

    @property
    def path(self) -> str:
        """Where it is."""
        return self.place.path


def choices(workspace_id: UUID, definition: Json, actor: Actor) -> list[Choice]:
    """Every place of a definition where a credential may be named. Call it inside `tenant()`."""
    found = places(definition)
    fitting = {use: tuple(_usable(workspace_id, actor, use)) for use in {place.slot.use for place in found}}
    ids = {place.reference.credential for place in found if place.reference} - {NOWHERE}
    known = integrations.credentials_by_id(workspace_id, ids) if ids else {}
    return [_choice(place, known, fitting[place.slot.use], actor) for place in found]


def credential_bind(
    *,
    workspace_id: UUID,
    workflow_id: UUID,
    actor: Actor,
    path: str,
    credential_id: UUID | None,
    draft_revision: int | None = None,
) -> Workflow:
    """Name a credential at a place of the draft, or with None none any more.

    Raises `Invalid` when no credential can be named there or it does not fit, `CredentialUnknown`, `MayNotUse`, and
    what `workflow_update` raises.
    """
    with tenant(workspace_id):
        workflow = selectors.workflow_get(workspace_id, workflow_id)
        place = next((each for each in places(workflow.draft) if each.path == path), None)
        if place is None:
            raise _refused("path", f"No credential can be named at “{path[:200]}”.")
        value: Json = None
        if credential_id is None and not place.slot.is_optional:
            raise _refused("credential", f"“{place.node.name}” cannot do without one.")
        if credential_id is not None:
            row = integrations.credential(workspace_id, actor, credential_id)
            credentials.require_use(actor, row)
            if row.type not in integrations.fitting(place.slot.use):
                raise _refused("credential", f"“{row.name}” is not good for “{place.node.name}”.")
            value = _reference(row)
        return services.workflow_update(
            workspace_id=workspace_id,
            workflow_id=workflow_id,
            actor=actor,
            definition=replaced(workflow.draft, path, value),
            draft_revision=workflow.draft_revision if draft_revision is None else draft_revision,
        )


def secret_move(
    *, workspace_id: UUID, workflow_id: UUID, actor: Actor, path: str, name: str, scope: str = "workspace"
) -> Credential:
    """Make a credential of a secret that stands in the draft, and name it there instead.

    Where the node's address is written out, it may be sent to that host only. It is not tested: the draft had it, and
    has it still. Versions and executions that were made before keep the text. Raises `Invalid`, and what
    `credential_create` and `workflow_update` raise.
    """
    with tenant(workspace_id):
        workflow = selectors.workflow_get(workspace_id, workflow_id)
        found = next((each for each in literals(draft_of(workflow.draft)[0]) if each.path == path), None)
    if found is None or not found.is_movable:
        raise _refused("path", f"At “{path[:200]}” stands no secret that could be moved.")
    made = credentials.credential_create(
        workspace_id=workspace_id,
        actor=actor,
        name=name,
        type=found.type,
        fields=found.fields,
        scope=scope,
        allowed_hosts=_hosts(found),
        allow_unverified=True,
    )
    try:
        without = replaced(workflow.draft, found.path, None)
        services.workflow_update(
            workspace_id=workspace_id,
            workflow_id=workflow_id,
            actor=actor,
            definition=replaced(without, found.goes_to, _reference(made)),
            draft_revision=workflow.draft_revision,
        )
    except DomainError:
        credentials.credential_delete(workspace_id=workspace_id, credential_id=made.id, actor=actor, force=True)
        raise
    return made


def _choice(place: Place, known: dict[UUID, Credential], options: tuple[Credential, ...], actor: Actor) -> Choice:
    reference = place.reference
    if reference is None:
        return Choice(place, "none", None, options, None)
    row = known.get(reference.credential)
    if row is None or not credentials.is_visible(actor, row):
        same = [each for each in options if each.name == reference.name and each.type == reference.type]
        return Choice(place, "missing", None, options, same[0] if len(same) == 1 else None)
    state: State = "ok"
    if row.type not in integrations.fitting(place.slot.use):
        state = "wrong_type"
    elif not credentials.may_use(actor, row):
        state = "not_allowed"
    return Choice(place, state, row, options, None)


def _usable(workspace_id: UUID, actor: Actor, use: str) -> list[Credential]:
    rows = integrations.credentials(workspace_id, actor, use=use).order_by("name")
    return [row for row in rows if credentials.may_use(actor, row)]


def _reference(row: Credential) -> dict[str, Any]:
    return as_json(CredentialRef(credential=row.id, name=row.name, type=row.type))


def _hosts(found: SecretLiteral) -> list[str]:
    url = found.node.params.get("url")
    if not isinstance(url, str) or OPENING in url:
        return []
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return []
    return [host] if host else []


def _refused(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])
