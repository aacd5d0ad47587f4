"""Ollama servers: what they hold, and fetching and deleting models there."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from apps.accounts.access.actor import Actor
from apps.accounts.services import audit_record
from apps.ai import selectors
from apps.ai.errors import NothingToStop, PullInvalid, ServerNotFound
from apps.ai.jobs import error_of, job_cancel, job_do, job_end, job_take
from apps.ai.models import Job, Pull
from apps.ai.providers import use_of
from apps.core import egress
from apps.core.clock import now
from apps.core.egress import EgressError, Line
from apps.core.errors import DomainError
from apps.core.pump import Pump
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import selectors as integrations
from apps.integrations import services
from apps.integrations.models import Credential
from apps.integrations.services import SignedDoor
from apps.integrations.vendors.ollama.client import Fetching, Installed, Ollama

MOST_ATTEMPTS = 5
STALLED_SECONDS = 600.0
"""Longer than a server checks the digest of a very large file, during which it says nothing."""
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/-]{0,199}", re.ASCII)


class PullInterrupted(DomainError):
    """The workers that fetched this model died, again and again."""

    code = "ai.pull_interrupted"
    status = 500
    default_hint = "Pull it once more: the server goes on with what it has fetched."


class PullStalled(DomainError):
    """The server has said nothing for ten minutes."""

    code = "ai.pull_stalled"
    status = 504
    default_hint = (
        "See whether it still runs and has room on its disk, then pull once more: it goes on with what it has."
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What a server answered just now. `error` is why it did not, in words, with a way out in `hint`."""

    version: str = ""
    models: tuple[Installed, ...] = ()
    error: str = ""
    hint: str = ""

    @property
    def is_reachable(self) -> bool:
        """Whether it answered."""
        return not self.error

    @property
    def size(self) -> int:
        """What its models take together, in bytes."""
        return sum(model.size for model in self.models)


def server(workspace_id: UUID, actor: Actor, credential_id: UUID) -> Credential:
    """The credential of an Ollama server that the actor may use. Raises `ServerNotFound`, `MayNotUse`."""
    row = integrations.credentials(workspace_id, actor, use=use_of("ollama")).filter(id=credential_id).first()
    if row is None:
        raise ServerNotFound
    services.require_use(actor, row)
    return row


def server_look(*, workspace_id: UUID, actor: Actor, credential_id: UUID) -> Look:
    """Ask a server what it is and what it holds; five seconds at most for each. Not to be called in a transaction.

    Raises `ServerNotFound`, `MayNotUse`; a server that does not answer is no error: look at `is_reachable`.
    """
    with tenant(workspace_id):
        server(workspace_id, actor, credential_id)
    try:
        client = _client(workspace_id, credential_id)
        return Look(client.version(), tuple(client.models()))
    except DomainError as failed:
        return Look(error=failed.message, hint=failed.hint or "See whether it runs, and whether its address is right.")


def model_delete(*, workspace_id: UUID, actor: Actor, credential_id: UUID, model: str) -> None:
    """Take a model off a server's disk. Whoever may change the credential may. Not to be called in a transaction.

    Raises `ServerNotFound`, `MayNotManage`, `OllamaFailed` when it is not there, `EgressError`.
    """
    with tenant(workspace_id):
        row = server(workspace_id, actor, credential_id)
        services.require_manage(actor, row)
    _client(workspace_id, credential_id).delete(_checked(model))
    with tenant(workspace_id):
        _record(actor, row, "deleted", model)


# ── Pulling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def pull_start(*, workspace_id: UUID, actor: Actor, credential_id: UUID, model: str) -> Pull:
    """Let a worker have a server fetch a model. While it is being fetched, asking again changes nothing.

    Raises `ServerNotFound`, `MayNotManage`, `PullInvalid`.
    """
    with tenant(workspace_id):
        row = server(workspace_id, actor, credential_id)
        services.require_manage(actor, row)
        model = _checked(model)
        found = Pull(
            workspace_id=workspace_id,
            credential=row,
            model=model,
            asked_by_id=actor.person_id,
            created_at=now(),
            due_at=Now(),
        )
        try:
            with transaction.atomic():
                found.save(force_insert=True)
        except IntegrityError:
            return selectors.pulls(workspace_id, row.id).get(model=model, due_at__isnull=False)
        _record(actor, row, "pulled", model)
        pump.poke_on_commit()
        return selectors.pull(workspace_id, row.id, found.id)


def pull_cancel(*, workspace_id: UUID, actor: Actor, credential_id: UUID, pull_id: UUID) -> Pull:
    """Stop fetching; the server keeps what it has for another time.

    Raises `PullNotFound`, `MayNotManage`, `NothingToStop`.
    """
    with tenant(workspace_id):
        row = server(workspace_id, actor, credential_id)
        services.require_manage(actor, row)
        found = selectors.pull(workspace_id, row.id, pull_id)
        if not job_cancel(found):
            raise NothingToStop(f"“{found.model}” is not being fetched any more.")
        return selectors.pull(workspace_id, row.id, pull_id)


def pulls_work() -> bool:
    """Do one pull that is due, in any workspace, until it ends. Returns whether there was one.

    Whoever takes it from a worker that died lets the server go on where it was, a few times.
    """
    found = job_take(Pull, "ai_pulls_take")
    if found is not None:
        _pull(found)
    return found is not None


def _pull(job: Pull) -> None:
    if job.attempts > MOST_ATTEMPTS:
        job_end(job, status=Job.Status.FAILED, error=error_of(PullInterrupted()))
        return
    state, line, redactor = Fetching(), Line(), Redactor()
    heard_at = time.monotonic()

    def hear(said: Fetching) -> None:
        nonlocal state, heard_at
        state, heard_at = said, time.monotonic()

    def work() -> Mapping[str, Any]:
        client = _client(job.workspace_id, job.credential_id, redactor)
        with egress.line(line):
            try:
                client.pull(job.model, hear)
            except EgressError:
                if time.monotonic() - heard_at > STALLED_SECONDS:
                    raise PullStalled from None
                raise
        return {}

    def news() -> Mapping[str, Any]:
        if time.monotonic() - heard_at > STALLED_SECONDS:
            line.cut()
        return {
            "message": redactor.text(state.message)[:200],
            "done_bytes": state.done,
            "total_bytes": state.total,
        }

    job_do(job, work, news=news, stop=line.cut)


pump = Pump("pulls", pulls_work, most=4)


# ── Shared ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _client(workspace_id: UUID, credential_id: UUID, redactor: Redactor | None = None) -> Ollama:
    opened = services.credential_open(workspace_id=workspace_id, credential_id=credential_id, use=use_of("ollama"))
    door = egress.door(egress.Policy.of(settings.EGRESS_ALLOW))
    return Ollama(SignedDoor(door, opened, redactor or Redactor()), str(opened.values()["base_url"]))


def _checked(model: str) -> str:
    model = model.strip()
    if not _MODEL.fullmatch(model):
        raise PullInvalid(f"“{model[:60]}” is no name of a model.")
    return model


def _record(actor: Actor, row: Credential, verb: str, model: str) -> None:
    audit_record(
        workspace_id=row.workspace_id,
        actor=actor,
        action=f"model.{verb}",
        target=f"{model} on {row.name}",
        data={"model": model, "credential_id": str(row.id)},
    )
