"""One prompt for several models: each asked by a worker, at the same time, through the gateway like everybody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from apps.accounts.access.actor import Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.services import audit_record
from apps.ai import selectors
from apps.ai.errors import ComparisonInvalid, NothingToStop
from apps.ai.gateway import Caller, Gateway
from apps.ai.jobs import error_of, job_cancel, job_do, job_end, job_take
from apps.ai.models import Answer, Comparison, Job
from apps.ai.providers import PROVIDERS, use_of
from apps.core.clock import now
from apps.core.errors import DomainError, FieldError
from apps.core.pump import Pump
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations import selectors as integrations
from apps.integrations import services
from apps.nodes.contract import ChatReply, ChatRequest, CredentialRef, Message, ModelRef, Sampling

MOST_MODELS = 6
LONGEST_PROMPT = 100_000
LONGEST_ANSWER = 200_000
KEPT_DAYS = 30
PURPOSE = "compare"
_FORGET_BATCH = 500


class AnswerInterrupted(DomainError):
    """The worker that asked this model died before the answer was complete."""

    code = "ai.answer_interrupted"
    status = 500
    default_hint = "The provider may have counted what it said till then. Run the comparison again to ask once more."


class _Stopped(Exception):
    """Somebody does not want the answer any more."""


def comparison_start(
    *,
    workspace_id: UUID,
    actor: Actor,
    models: Sequence[ModelRef],
    prompt: str,
    system: str = "",
    sampling: Sampling | None = None,
) -> Comparison:
    """Let workers ask each of these models. A model without a credential is asked with its provider's default.

    Raises `NotAllowed` without `credential:use`, and `ComparisonInvalid` with what is wrong where.
    """
    actor.require(Permission.CREDENTIAL_USE)
    sampling = sampling or Sampling()
    with tenant(workspace_id):
        wrong = [*_of_prompt(prompt, system), *_of_sampling(sampling), *_of_number(models)]
        asked: list[tuple[ModelRef, UUID]] = []
        for at, ref in enumerate(models):
            found = _credential(workspace_id, actor, ref, f"models[{at}]")
            if isinstance(found, FieldError):
                wrong.append(found)
            else:
                asked.append((ref, found))
        if wrong:
            raise ComparisonInvalid(wrong[0].message, hint=wrong[0].hint, errors=wrong)
        at_moment = now()
        made = Comparison.objects.create(
            workspace_id=workspace_id,
            system=system,
            prompt=prompt,
            sampling=sampling.model_dump(mode="json", exclude_defaults=True),
            asked_by_id=actor.person_id,
            created_at=at_moment,
        )
        for place, (ref, credential_id) in enumerate(asked):
            Answer.objects.create(
                workspace_id=workspace_id,
                comparison=made,
                place=place,
                provider=ref.provider,
                model=ref.model,
                credential_id=credential_id,
                created_at=at_moment,
                due_at=Now(),
            )
        audit_record(
            workspace_id=workspace_id,
            actor=actor,
            action="models.compared",
            target=", ".join(ref.model for ref, _credential in asked),
            data={"comparison_id": str(made.id)},
        )
        pump.poke_on_commit()
        return selectors.comparison(workspace_id, made.id)


def comparison_cancel(*, workspace_id: UUID, actor: Actor, comparison_id: UUID) -> Comparison:
    """Stop asking. What a provider is writing is broken off with its next words; what it wrote till then stays.

    Raises `NotAllowed`, `ComparisonNotFound`, `NothingToStop`.
    """
    actor.require(Permission.CREDENTIAL_USE)
    with tenant(workspace_id):
        found = selectors.comparison(workspace_id, comparison_id)
        stopped = [job_cancel(answer) for answer in found.answers.all()]
        if not any(stopped):
            raise NothingToStop("Every model has answered already.")
        return selectors.comparison(workspace_id, comparison_id)


def comparisons_forget() -> int:
    """Delete some of the comparisons and pulls of long ago, in every workspace. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ai_comparisons_forget(%s, %s)", [KEPT_DAYS, _FORGET_BATCH])
        (gone,) = cursor.fetchone()
    return int(gone)


# ── Asking, in a worker ──────────────────────────────────────────────────────────────────────────────────────────────


def comparisons_work() -> bool:
    """Ask one model that is due, in any workspace, until it has answered. Returns whether there was one.

    One whose worker died is not asked again, since the provider counts each time: it ends as failed, and says so.
    """
    found = job_take(Answer, "ai_answers_take")
    if found is not None:
        _answer(found)
    return found is not None


pump = Pump("comparisons", comparisons_work, most=12)


class _Listening:
    """What a model has said so far. Written by the thread that asks, read by the one that keeps the row current."""

    def __init__(self) -> None:
        self.text = ""
        self.first_at: float | None = None
        self.is_stopped = threading.Event()

    def hear(self, piece: str) -> None:
        """A piece of text; an empty one voids those before it. Raises when nobody listens any more."""
        if self.is_stopped.is_set():
            raise _Stopped
        if not piece:
            self.text, self.first_at = "", None
            return
        if self.first_at is None:
            self.first_at = time.monotonic()
        self.text = (self.text + piece)[:LONGEST_ANSWER]


def _answer(job: Answer) -> None:
    if job.attempts > 1:
        job_end(job, status=Job.Status.FAILED, error=error_of(AnswerInterrupted()))
        return
    with tenant(job.workspace_id):
        request = _request(job)
    listening, redactor = _Listening(), Redactor()

    def opened(ref: CredentialRef, use: str) -> services.Opened:
        found = services.credential_open(
            workspace_id=job.workspace_id, credential_id=ref.credential, use=use, name=ref.name
        )
        redactor.add(*found.secrets())
        return found

    def work() -> Mapping[str, Any]:
        gateway = Gateway(Caller(job.workspace_id), opened)
        try:
            reply = gateway.chat(request, step=str(job.id), purpose=PURPOSE, on_text=listening.hear)
        except Exception as failed:
            return {"status": Job.Status.FAILED, "error": redactor.clean(error_of(failed))}
        return {"status": Job.Status.DONE, **redactor.clean(_said(reply, listening)), "cost": reply.cost}

    def news() -> Mapping[str, Any]:
        return {"text": redactor.text(listening.text)}

    job_do(job, work, news=news, stop=listening.is_stopped.set)


def _request(job: Answer) -> ChatRequest:
    asked = job.comparison
    said = [Message.of("system", asked.system)] if asked.system.strip() else []
    ref = ModelRef.model_validate({"provider": job.provider, "model": job.model, "credential": job.credential_id})
    return ChatRequest(
        models=(ref,),
        messages=(*said, Message.of("user", asked.prompt)),
        sampling=Sampling.model_validate(asked.sampling),
    )


def _said(reply: ChatReply, listening: _Listening) -> dict[str, Any]:
    seconds = reply.attempts[-1].seconds if reply.attempts else None
    first = None
    if listening.first_at is not None and seconds is not None:
        # Counted from the attempt that answered: a worker's very first call brings in the library, too.
        first = max(seconds - (time.monotonic() - listening.first_at), 0.0)
    return {
        "text": reply.message.text[:LONGEST_ANSWER],
        "finish": reply.finish,
        "notes": list(reply.notes),
        "usage": reply.usage.model_dump(),
        "seconds": seconds,
        "first_seconds": first,
    }


# ── Checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_prompt(prompt: str, system: str) -> Iterator[FieldError]:
    if not prompt.strip():
        yield FieldError("prompt", "Say what the models are to be asked.")
    for name, text in (("prompt", prompt), ("system", system)):
        if len(text) > LONGEST_PROMPT:
            yield FieldError(name, f"It has {len(text):,} characters; at most {LONGEST_PROMPT:,} can be compared.")


def _of_sampling(sampling: Sampling) -> Iterator[FieldError]:
    if sampling.temperature is not None and not 0 <= sampling.temperature <= 2:
        yield FieldError("sampling.temperature", "The temperature lies between 0 and 2.")
    if sampling.top_p is not None and not 0 < sampling.top_p <= 1:
        yield FieldError("sampling.top_p", "It lies between 0 and 1.")
    if sampling.max_tokens is not None and not 1 <= sampling.max_tokens <= 1_000_000:
        yield FieldError("sampling.max_tokens", "At least 1 token, and at most 1,000,000.")


def _of_number(models: Sequence[ModelRef]) -> Iterator[FieldError]:
    if not models:
        yield FieldError("models", "Choose at least one model.")
    elif len(models) > MOST_MODELS:
        yield FieldError("models", f"At most {MOST_MODELS} models can be compared at once.")


def _credential(workspace_id: UUID, actor: Actor, ref: ModelRef, path: str) -> UUID | FieldError:
    """What this model is asked with, or why it cannot be."""
    name = PROVIDERS[ref.provider].name
    if ref.credential is None:
        row = selectors.default_credential(workspace_id, ref.provider)
        if row is None:
            return FieldError(path, f"Nothing is connected for {name}.", hint="Connect it under Settings, Models.")
    else:
        row = integrations.credentials(workspace_id, actor, use=use_of(ref.provider)).filter(id=ref.credential).first()
        if row is None:
            return FieldError(path, f"This credential for {name} is not there.", hint="Choose another one.")
    if not services.may_use(actor, row):
        return FieldError(path, f"{actor.label} may not use the credential “{row.name}”.", hint="Ask an admin for it.")
    return row.id
