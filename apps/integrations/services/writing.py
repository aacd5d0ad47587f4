"""Creating, changing and deleting credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from pydantic import ValidationError

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.services import audit_record
from apps.core import clock, jsonclean
from apps.core.errors import DomainError, FieldError, Invalid
from apps.core.ids import uuid7
from apps.core.suggest import nearest
from apps.core.tenancy import tenant
from apps.integrations import registry, selectors, uses, vault
from apps.integrations.access import person_of, require_manage
from apps.integrations.declare import CredentialType, secret_names
from apps.integrations.errors import Changed, InUse, NameTaken, NotTested, TypeUnknown
from apps.integrations.models import Credential
from apps.integrations.oauth import grants
from apps.integrations.oauth.declare import OAuthType
from apps.integrations.opened import Opened
from apps.integrations.services.opening import kind_of, opened, secrets_of
from apps.integrations.services.proving import Verdict, ask, keep
from apps.nodes.params import faults

_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?|[0-9a-f:.]{2,45}")
MOST_HOSTS = 50
LONGEST_REMINDER = 3_650


def credential_create(
    *,
    workspace_id: UUID,
    actor: Actor,
    name: str,
    type: str,
    fields: Mapping[str, Any],
    scope: str = "workspace",
    allowed_hosts: Sequence[str] = (),
    rotate_after_days: int | None = None,
    allow_unverified: bool = False,
) -> Credential:
    """A new credential, after the other side was asked whether it works.

    `scope` is `workspace`, or `user` for one that nobody else can name. With `allow_unverified` it is kept although it
    could not be tested, or does not work; it then says so. Raises `TypeUnknown`, `Invalid`, `NameTaken`, `Refused`,
    `NotTested`. Makes a network call: not to be called inside a transaction.
    """
    _require_scope(actor, scope)
    kind = _kind(type)
    plain, secret = _checked(kind, fields)
    at = clock.now()
    row = Credential(
        id=uuid7(),
        workspace_id=workspace_id,
        name=_name(name),
        type=kind.type,
        scope=scope,
        owner_id=person_of(actor) if scope == Credential.Scope.USER else None,
        settings=plain,
        endings=_endings(secret),
        allowed_hosts=_hosts(allowed_hosts),
        rotate_after_days=_days(rotate_after_days),
        created_by_id=person_of(actor),
        created_at=at,
        updated_at=at,
        secret_changed_at=at,
    )
    keep(row, _proved(row, kind, secret, allow_unverified=allow_unverified))
    with tenant(workspace_id):
        row.sealed = vault.seal(workspace_id, row.seal_name, secret)
        _save(row, is_new=True)
        _record(row, actor, "created", {"type": kind.type, "scope": scope, "is_verified": row.is_verified})
    return row


def credential_update(
    *,
    workspace_id: UUID,
    credential_id: UUID,
    actor: Actor,
    name: str | None = None,
    fields: Mapping[str, Any] | None = None,
    allowed_hosts: Sequence[str] | None = None,
    rotate_after_days: int | EllipsisType | None = ...,
    allow_unverified: bool = False,
) -> Credential:
    """Change what is given; a secret that is not given stays as it is. Fields that change are tested like new ones.

    Raises what `credential_create` raises, `CredentialUnknown` and `MayNotManage`.
    """
    with tenant(workspace_id):
        row = selectors.credential(workspace_id, actor, credential_id)
        require_manage(actor, row)
        kind, before = kind_of(row), secrets_of(row)
    verdict: Verdict | None = None
    changed: list[str] = []
    secret = before
    if fields is not None:
        names = secret_names(kind.Fields)
        given = {key: value for key, value in fields.items() if not (key in names and value is None)}
        plain, secret = _checked(kind, {**row.settings, **before, **given})
        old, new = {**row.settings, **before}, {**plain, **secret}
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        row.settings, row.endings = plain, _endings(secret)
    if allowed_hosts is not None:
        hosts = _hosts(allowed_hosts)
        changed += ["allowed_hosts"] if hosts != row.allowed_hosts else []
        row.allowed_hosts = hosts
    if isinstance(kind, OAuthType):
        _require_secret_anew(kind, changed, before, fields or {})
    elif changed:
        verdict = _proved(row, kind, secret, allow_unverified=allow_unverified)
    with tenant(workspace_id):
        current = selectors.credential(workspace_id, actor, credential_id)
        current = Credential.objects.select_for_update().get(id=current.id)
        if current.updated_at != row.updated_at:
            raise Changed(f"“{row.name}” was changed by somebody else just now.")
        if name is not None and _name(name) != current.name:
            current.name = _name(name)
            changed.append("name")
        if rotate_after_days is not ...:
            current.rotate_after_days = _days(rotate_after_days)
            changed.append("rotate_after_days")
        current.settings, current.endings, current.allowed_hosts = row.settings, row.endings, row.allowed_hosts
        at = clock.now()
        if secret != before:
            current.sealed = vault.seal(workspace_id, current.seal_name, secret)
            current.secret_changed_at = at
            current.revision += 1
        if verdict is not None:
            keep(current, verdict)
        if isinstance(kind, OAuthType):
            grants.grant_follow(current, kind, changed)
        current.updated_at = at
        _save(current)
        _record(current, actor, "updated", {"changed": changed, "is_verified": current.is_verified})
    return current


def credential_delete(*, workspace_id: UUID, credential_id: UUID, actor: Actor, force: bool = False) -> None:
    """Delete it for good. Raises `InUse` with the places that name it, unless `force`; they fail from then on.

    The provider of a connected one is asked to forget it, too, behind the deletion and once: not to be called inside a
    transaction.
    """
    with tenant(workspace_id):
        row = selectors.credential(workspace_id, actor, credential_id)
        require_manage(actor, row)
        found = uses.uses_of(workspace_id, row.id)
        if found and not force:
            names = list(dict.fromkeys(f"“{use.workflow_name}”" for use in found))
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            raise InUse(f"“{row.name}” is used by {shown}.", uses=[_as_dict(use) for use in found[:100]])
        given_back = _given_back(row)
        _record(row, actor, "deleted", {"type": row.type, "used_by": len(found)})
        row.delete()
    if given_back is not None:
        grants.revoked(*given_back)


def _given_back(row: Credential) -> tuple[Opened, dict[str, Any]] | None:
    """What a provider is to be asked to forget. What cannot be read any more is only forgotten here."""
    kind = registry.credential_type(row.type)
    if not isinstance(kind, OAuthType):
        return None
    try:
        held = grants.tokens_of(row.workspace_id, row.id)
        return (opened(row, kind, secrets_of(row)), held) if held else None
    except DomainError:
        return None


def _as_dict(use: uses.Use) -> dict[str, str]:
    return {
        "workflow_id": str(use.workflow_id),
        "workflow_name": use.workflow_name,
        "node_id": use.node_id,
        "node_name": use.node_name,
        "where": use.where,
    }


def _require_secret_anew(
    kind: OAuthType, changed: Sequence[str], before: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """A secret that nobody can read must not be sent to an address of one's own, either."""
    moved = sorted(kind.sent_to.intersection(changed))
    if moved and before.get("client_secret") and not given.get("client_secret"):
        message = f"Enter the client secret again: with another {moved[0]} it is sent somewhere else."
        raise Invalid(message, errors=[FieldError(path="fields.client_secret", message=message)])


# ── What is given ────────────────────────────────────────────────────────────────────────────────────────────────────


def _require_scope(actor: Actor, scope: str) -> None:
    if scope not in Credential.Scope.values:
        raise _refused("scope", "The scope is workspace or user.")
    if scope == Credential.Scope.USER:
        actor.require(Permission.CREDENTIAL_USE)
        if person_of(actor) is None:
            raise _refused("scope", "A private credential belongs to a person; this is none.")
    else:
        actor.require(Permission.CREDENTIAL_MANAGE)


def _kind(type_: str) -> CredentialType:
    kind = registry.credential_type(type_)
    if kind is None:
        hint = nearest(type_, list(registry.credential_types())) or ""
        raise TypeUnknown(f"There is no credential type “{type_[:60]}”.", hint=hint)
    return kind


def _checked(kind: CredentialType, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields, those that may be shown and those that may not. Raises `Invalid`, which quotes nothing secret."""
    jsonclean.check(dict(given), path="fields")
    try:
        made = kind.Fields.model_validate(given)
    except ValidationError as refused:
        found = [
            FieldError(path=fault.path, message=fault.message, code=fault.code, hint=fault.hint)
            for fault in faults(kind.Fields, refused, dict(given), "fields")
        ]
        raise Invalid(f"This is no {kind.name.lower()}: {found[0].message}", errors=found) from None
    names = secret_names(kind.Fields)
    plain = made.model_dump(mode="json", exclude=set(names))
    secret = {name: value.get_secret_value() for name in names if (value := getattr(made, name)) is not None}
    return plain, secret


def _proved(row: Credential, kind: CredentialType, secret: Mapping[str, Any], *, allow_unverified: bool) -> Verdict:
    verdict = ask(opened(row, kind, secret))
    if not allow_unverified and kind.has_test and not kind.obtained:
        if verdict.refusal is not None:
            raise verdict.refusal
        if verdict.is_verified is None:
            raise NotTested
    return verdict


def _endings(secret: Mapping[str, Any]) -> dict[str, str]:
    """The last characters by which people tell two keys apart, of secrets long enough to spare them."""
    return {name: _ending(value) for name, value in secret.items() if isinstance(value, str) and value}


def _ending(value: str) -> str:
    text = value.strip()
    shown = 4 if len(text) >= 24 else 2 if len(text) >= 16 else 0
    ending = text[len(text) - shown :]
    return ending if ending.isalnum() else ""


def _name(name: str) -> str:
    jsonclean.check(name, path="name")
    name = " ".join(name.split())
    if not name or len(name) > 100:
        raise _refused("name", "The name needs 1 to 100 characters.")
    return name


def _hosts(hosts: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(host.strip().lower().rstrip(".") for host in hosts if host.strip()))
    if len(found) > MOST_HOSTS:
        raise _refused("allowed_hosts", f"At most {MOST_HOSTS} hosts can be named.")
    for at, host in enumerate(found):
        if not _HOST.fullmatch(host):
            raise _refused(f"allowed_hosts[{at}]", "A host is written like api.example.com or *.example.com.")
    return found


def _days(days: Any) -> int | None:
    if days is None:
        return None
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST_REMINDER:
        raise _refused("rotate_after_days", f"This is a number of days between 1 and {LONGEST_REMINDER:,}, or nothing.")
    return days


def _refused(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])


def _save(row: Credential, *, is_new: bool = False) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=is_new)
    except IntegrityError as failed:
        if "name_once" not in str(failed):
            raise
        raise NameTaken(f"There is a credential “{row.name}” already.") from None


def _record(row: Credential, actor: Actor, verb: str, data: dict[str, Any]) -> None:
    audit_record(
        workspace_id=row.workspace_id,
        actor=actor,
        action=f"credential.{verb}",
        target=row.name,
        data={"credential_id": str(row.id)} | data,
    )
