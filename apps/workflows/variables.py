"""Variables: settings of a workspace that expressions read as `$vars.<key>`. Every change is on record.

They are no secrets: whoever may read workflows reads them, and what expressions make of them stands in executions. The
names of those that were changed are recorded, their values are not.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.access.actor import Actor
from apps.accounts.models import Workspace
from apps.accounts.services import audit_record
from apps.core import jsonclean
from apps.core.clock import now
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant
from apps.workflows.errors import VariablesFull, VariableTaken, VariableTooLarge, VariableUnknown
from apps.workflows.models import Variable

Json = Any
MAX_KEY: Final = 64
MAX_NOTE: Final = 500
MAX_BYTES: Final = 32_000
MAX_VARIABLES: Final = 500
MAX_TOGETHER: Final = 256_000
"""Bytes of all the variables of a workspace: a worker reads them at once."""
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def variable_create(*, workspace_id: UUID, actor: Actor, key: str, value: Json, note: str = "") -> Variable:
    """A new variable, read from the next execution that is taken up.

    Raises `Invalid` for a key that cannot follow `$vars.` or for null, `VariableTaken`, `VariableTooLarge`,
    `VariablesFull`.
    """
    key = key.strip()
    if not _KEY.fullmatch(key) or len(key) > MAX_KEY:
        raise _invalid("key", f"A key has letters, digits and _, begins with no digit and has at most {MAX_KEY}.")
    value, note = _value(value), _note(note)
    with tenant(workspace_id):
        _lock(workspace_id)
        at = now()
        try:
            with transaction.atomic():
                made = Variable.objects.create(
                    workspace_id=workspace_id,
                    key=key,
                    value=value,
                    note=note,
                    created_at=at,
                    updated_at=at,
                    updated_by_label=actor.label[:300],
                )
        except IntegrityError:
            message = f"There is a variable “{key}” already."
            raise VariableTaken(message, errors=[FieldError(path="key", message=message)]) from None
        _refuse_too_many(workspace_id)
        audit_record(workspace_id=workspace_id, actor=actor, action="variable.created", target=key)
    return made


def variable_update(
    *, workspace_id: UUID, variable_id: UUID, actor: Actor, value: Json = None, note: str | None = None
) -> Variable:
    """Change what is given (not None) and leave the rest. The key stays: expressions know it.

    Raises `VariableUnknown`, and what `variable_create` raises for values.
    """
    with tenant(workspace_id):
        _lock(workspace_id)
        found = Variable.objects.filter(workspace_id=workspace_id, id=variable_id).first()
        if found is None:
            raise VariableUnknown
        changed = []
        if value is not None and (value := _value(value)) != found.value:
            found.value = value
            changed.append("value")
        if note is not None and (note := _note(note)) != found.note:
            found.note = note
            changed.append("note")
        if changed:
            found.updated_at, found.updated_by_label = now(), actor.label[:300]
            found.save(update_fields=[*changed, "updated_at", "updated_by_label"])
            _refuse_too_many(workspace_id)
            audit_record(
                workspace_id=workspace_id,
                actor=actor,
                action="variable.changed",
                target=found.key,
                data={"changed": changed},
            )
    return found


def variable_delete(*, workspace_id: UUID, variable_id: UUID, actor: Actor) -> None:
    """Take a variable away: expressions find null there from the next execution on. Raises `VariableUnknown`."""
    with tenant(workspace_id):
        found = Variable.objects.filter(workspace_id=workspace_id, id=variable_id).first()
        if found is None:
            raise VariableUnknown
        found.delete()
        audit_record(workspace_id=workspace_id, actor=actor, action="variable.deleted", target=found.key)


def _lock(workspace_id: UUID) -> None:
    """One change at a time, so that the limits on all of them hold."""
    Workspace.objects.select_for_update(no_key=True).get(id=workspace_id)


def _refuse_too_many(workspace_id: UUID) -> None:
    values = Variable.objects.filter(workspace_id=workspace_id).values_list("value", flat=True)
    sizes = [_size(value) for value in values]
    if len(sizes) > MAX_VARIABLES:
        raise VariablesFull(f"The workspace has {MAX_VARIABLES} variables, which is the most there may be.")
    if sum(sizes) > MAX_TOGETHER:
        raise VariablesFull(f"The variables would have {sum(sizes):,} bytes together; at most {MAX_TOGETHER:,} fit.")


def _value(value: Json) -> Json:
    jsonclean.check(value, path="value")
    if value is None:
        raise _invalid("value", "A variable needs a value. What is not there is null without one.")
    size = _size(value)
    if size > MAX_BYTES:
        message = f"The value has {size:,} bytes; at most {MAX_BYTES:,} are accepted."
        raise VariableTooLarge(message, errors=[FieldError(path="value", message=message)])
    return value


def _note(note: str) -> str:
    jsonclean.check(note, path="note")
    note = note.strip()
    if len(note) > MAX_NOTE:
        raise _invalid("note", f"The note has {len(note):,} characters; at most {MAX_NOTE} are accepted.")
    return note


def _size(value: Json) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _invalid(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])
