"""Asking models, whoever asks: one after the other until one answers, each attempt in the ledger."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, Generic, Protocol, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.ai.gateway import catalogue, counting, errors, media, observing, wire
from apps.ai.gateway.catalogue import Model
from apps.ai.gateway.dialects import DIALECTS
from apps.ai.gateway.errors import Failure, nothing_connected
from apps.ai.gateway.translating import Heard
from apps.core import egress
from apps.core.errors import DomainError
from apps.core.redaction import Redactor
from apps.core.tenancy import tenant
from apps.integrations.services import Opened
from apps.nodes.contract import (
    Attempt,
    ChatReply,
    ChatRequest,
    CredentialRef,
    Embedded,
    ModelRef,
    NodeError,
    Place,
    Usage,
)

T = TypeVar("T")
OpenCredential = Callable[[CredentialRef, str], Opened]
"""Opens a credential that is good for a use (`model:openai`), and sees to it that its secrets are cleaned out of what
is kept or shown. Raises `NodeError` or `DomainError`."""
TRIES: Final = 3
PATIENCE_SECONDS: Final = 30.0
"""For so long one model is waited for between tries, in all; for less where another one may be asked instead."""
IMPATIENCE_SECONDS: Final = 3.0
FIRST_PAUSE_SECONDS = 0.5
"""Between the first two tries, where the provider does not say; then twice as long."""
EMBED_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for the ledger and the budgets: a node of an execution, or a page of the workspace."""

    workspace_id: UUID
    workflow_id: UUID | None = None
    execution_id: UUID | None = None
    node_id: str = ""
    path: str = ""
    is_test: bool = False

    @classmethod
    def of(cls, place: Place) -> Self:
        """The node that runs there."""
        return cls(place.workspace_id, place.workflow_id, place.execution_id, place.node_id, place.path, place.is_test)


class Circuit(Protocol):
    """Leaves a system alone that keeps failing, for one workspace."""

    def before(self, target: str, *, timeout: float) -> bool:
        """Whether it has failed lately. Raises `CircuitOpen` while it is left alone."""
        ...

    def failed(self, target: str, error: str, *, asked_seconds: float = 0.0) -> None:
        """A call failed because of the other side, which may have asked to wait."""
        ...

    def succeeded(self, target: str) -> None:
        """A system that had failed answered."""
        ...

    def left(self, target: str) -> None:
        """A call that `before` let through was not made."""
        ...


class Gateway:
    """`nodes.contract.Models` for one caller. May be used by several threads at once; holds no database connection.

    Without a `circuit` every call is made.
    """

    __slots__ = ("_caller", "_circuit", "_opened")

    def __init__(self, caller: Caller, opened: OpenCredential, circuit: Circuit | None = None) -> None:
        self._caller, self._opened, self._circuit = caller, opened, circuit

    def chat(
        self,
        request: ChatRequest,
        *,
        step: str = "",
        purpose: str = "agent",
        on_text: Callable[[str], None] | None = None,
    ) -> ChatReply:
        """See `nodes.contract.Models.chat`."""

        def once(line: wire.Line, known: Model | None) -> _Answer[tuple[Heard, list[str]]]:
            messages = tuple(media.ready(each, line.ref.provider, known, line.door) for each in request.messages)
            asked = request.model_copy(update={"messages": messages})
            with observing.chat(line.ref, asked) as span:
                try:
                    heard, notes = wire.chat(line, asked, known, on_text)
                except wire.Failed as failed:
                    observing.failed(span, failed.failure.error)
                    if failed.heard.text and on_text is not None:
                        on_text("")
                    raise
                usage = heard.usage
                if usage is None or not (usage.input or usage.output):
                    usage = _guessed(request, heard)
                    notes.append("usage is an estimate: the provider did not say it")
                observing.answered(span, heard, usage)
            return _Answer((heard, notes), usage)

        asked = _Asked(self, request.timeout_seconds, step, purpose, lambda ref: counting.most(ref, request))
        asked.guess = lambda heard: _guessed(request, heard)
        ref, (heard, notes) = asked.first_answer(request.models, once)
        return ChatReply(
            message=heard.message(),
            finish=heard.ended(),
            provider=ref.provider,
            model=ref.model,
            usage=asked.attempts[-1].usage,
            cost=_sum(asked.attempts),
            attempts=tuple(asked.attempts),
            notes=tuple(notes),
        )

    def embed(self, texts: Sequence[str], *, model: ModelRef | None = None, step: str = "") -> Embedded:
        """See `nodes.contract.Models.embed`."""
        ref = model or self._default_embedding()
        if not DIALECTS[ref.provider].embeds:
            name = DIALECTS[ref.provider].name
            raise NodeError("ai.model_unknown", f"{name} has no embeddings.", "Choose a model of another provider.")
        vectors: list[tuple[float, ...]] = []
        attempts: list[Attempt] = []
        for at in range(0, len(texts), EMBED_AT_ONCE):
            some = texts[at : at + EMBED_AT_ONCE]
            size = sum(map(counting.count_text, some))

            def once(
                line: wire.Line, known: Model | None, some: Sequence[str] = some, size: int = size
            ) -> _Answer[list[tuple[float, ...]]]:
                with observing.embeddings(line.ref) as span:
                    try:
                        found, usage = wire.embed(line, some, 60.0)
                    except wire.Failed as failed:
                        observing.failed(span, failed.failure.error)
                        raise
                    usage = usage if usage.input else Usage(input=size)
                    observing.used(span, usage)
                return _Answer(found, usage)

            most = (catalogue.estimate_cost(ref, Usage(input=size * 2)), size * 2)
            asked = _Asked(self, 60.0, step, "embedding", partial(_same, most))
            _, found = asked.first_answer((ref,), once)
            vectors += found
            attempts += asked.attempts
        usage = sum((each.usage for each in attempts), Usage())
        return Embedded(vectors=tuple(vectors), model=ref.model, usage=usage, cost=_sum(attempts))

    def allow(self, budget: str, *, key: str, by: str, usd: float = 0, tokens: int = 0) -> None:
        """See `nodes.contract.Models.allow`."""
        from apps.ai import ledger

        try:
            ledger.allow(self._caller, UUID(budget), key=key, by=by, usd=Decimal(str(usd)), tokens=tokens)
        except DomainError as refused:
            raise NodeError(refused.code, refused.message, refused.hint or "") from None

    def default_chain(self) -> tuple[ModelRef, ...]:
        """See `nodes.contract.Models.default_chain`."""
        from apps.ai import selectors

        with _database(), tenant(self._caller.workspace_id):
            found = selectors.model_choices(self._caller.workspace_id).chain
        if not found:
            raise nothing_connected()
        return found

    def _default_embedding(self) -> ModelRef:
        from apps.ai import selectors

        with _database(), tenant(self._caller.workspace_id):
            found = selectors.model_choices(self._caller.workspace_id).embedding
        if found is None:
            raise nothing_connected()
        return found

    def _line(self, ref: ModelRef) -> tuple[wire.Line, str]:
        """The way to a model, and what its failures count against."""
        ref = ref if ref.credential else ref.model_copy(update={"credential": self._default_credential(ref)})
        assert ref.credential is not None
        try:
            opened = self._opened(CredentialRef(credential=ref.credential), f"model:{ref.provider}")
        except DomainError as refused:
            raise NodeError(refused.code, refused.message, refused.hint, retryable=refused.status == 503) from None
        redactor = Redactor()
        redactor.add(*opened.secrets())
        door = egress.door(egress.Policy.of(settings.EGRESS_ALLOW))
        line = wire.Line(ref, str(opened.values()["base_url"]), opened.sign, door, redactor)
        return line, f"{line.who} · {str(ref.credential)[-8:]}"

    def _default_credential(self, ref: ModelRef) -> UUID:
        from apps.ai import selectors

        with _database(), tenant(self._caller.workspace_id):
            found = selectors.default_credential(self._caller.workspace_id, ref.provider)
        if found is None:
            raise nothing_connected(DIALECTS[ref.provider].name)
        return found.id


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    value: T
    usage: Usage


class _Asked:
    """One question on its way from model to model."""

    def __init__(
        self,
        gateway: Gateway,
        seconds: float,
        step: str,
        purpose: str,
        most: Callable[[ModelRef], tuple[Decimal | None, int]],
    ) -> None:
        self._gateway, self._seconds, self._step, self._purpose, self._most = gateway, seconds, step, purpose, most
        self.attempts: list[Attempt] = []
        self.guess: Callable[[Heard], Usage] = lambda heard: Usage()

    def first_answer(
        self, refs: Sequence[ModelRef], once: Callable[[wire.Line, Model | None], _Answer[T]]
    ) -> tuple[ModelRef, T]:
        """The first answer, and whose it is. Raises `NodeError`, the last one's with all attempts."""
        last: NodeError | None = None
        for at, ref in enumerate(refs):
            patience = PATIENCE_SECONDS if at == len(refs) - 1 else IMPATIENCE_SECONDS
            try:
                return ref, self._asked(ref, once, min(patience, self._seconds))
            except _GaveUp as gave_up:
                last = gave_up.failure.error
                if gave_up.failure.is_final:
                    break
        assert last is not None
        told = [attempt.model_dump(mode="json", include=_TOLD) for attempt in self.attempts]
        last.details = {**(last.details if isinstance(last.details, dict) else {}), "attempts": told}
        raise last

    def _asked(self, ref: ModelRef, once: Callable[[wire.Line, Model | None], _Answer[T]], patience: float) -> T:
        """Its answer, perhaps not at the first try. Raises `_GaveUp`."""
        try:
            line, target = self._gateway._line(ref)
        except NodeError as missing:
            raise _GaveUp(Failure(missing)) from None
        for tried in range(1, TRIES + 1):
            try:
                return self._once(line, target, once)
            except _GaveUp as gave_up:
                failure = gave_up.failure
                asked = failure.error.retry_after
                pause = FIRST_PAUSE_SECONDS * 2 ** (tried - 1) if asked is None else asked
                pause *= random.uniform(1.0, 1.3)
                patience -= pause
                if not failure.is_passing or tried == TRIES or patience < 0:
                    raise
                _wait(pause)
        raise AssertionError("unreachable")

    def _once(
        self,
        line: wire.Line,
        target: str,
        once: Callable[[wire.Line, Model | None], _Answer[T]],
    ) -> T:
        from apps.ai import ledger

        circuit, ref = self._gateway._circuit, line.ref
        try:
            is_watched = circuit is not None and circuit.before(target, timeout=self._seconds)
        except egress.CircuitOpen as alone:
            raise _GaveUp(errors.left_alone(alone)) from None
        most, tokens = self._most(ref)
        try:
            begun = ledger.begin(
                self._gateway._caller, ref, step=self._step, purpose=self._purpose, most=most, most_tokens=tokens
            )
        except NodeError as refused:
            if circuit is not None and is_watched:
                circuit.left(target)
            if refused.code == "ai.price_unknown":  # that of the next may be known
                raise _GaveUp(Failure(refused)) from None
            raise
        began = time.perf_counter()

        def end(outcome: str, message: str, usage: Usage) -> None:
            cost = catalogue.estimate_cost(ref, usage)
            self.attempts.append(
                Attempt(
                    provider=ref.provider,
                    model=ref.model,
                    outcome=outcome,
                    message=message,
                    usage=usage,
                    cost=cost,
                    seconds=time.perf_counter() - began,
                )
            )
            ledger.end(begun, self.attempts[-1])

        try:
            answer = once(line, catalogue.find(ref.provider, ref.model))
        except wire.Failed as failed:
            failure, error = failed.failure, failed.failure.error
            clean = line.redactor.text
            error.message, error.hint = clean(error.message), clean(error.hint)
            error.args = (error.message,)
            end(error.code, error.message, self.guess(failed.heard) if failed.status == 200 else Usage())
            if circuit is not None and failure.is_theirs:
                circuit.failed(target, error.message, asked_seconds=error.retry_after or 0.0)
            elif circuit is not None and is_watched:
                (circuit.succeeded if failed.status else circuit.left)(target)
            raise _GaveUp(failure) from None
        except NodeError as refused:  # before anything was sent
            end(refused.code, refused.message, Usage())
            if circuit is not None and is_watched:
                circuit.left(target)
            raise _GaveUp(Failure(refused)) from None
        except BaseException:  # whoever listens does so no more
            end("ai.stopped", "It was broken off from here.", self.guess(Heard(ref.provider)))
            if circuit is not None and is_watched:
                circuit.left(target)
            raise
        end("answered", "", answer.usage)
        if circuit is not None and is_watched:
            circuit.succeeded(target)
        return answer.value


_TOLD: Final = {"provider", "model", "outcome", "message"}


class _GaveUp(Exception):
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def _same(most: tuple[Decimal | None, int], ref: ModelRef) -> tuple[Decimal | None, int]:
    return most


def _wait(seconds: float) -> None:
    """Sleep, unless nobody waits any more."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if egress.was_cut():
            raise _GaveUp(errors.of_egress(egress.HungUp(), ""))
        time.sleep(min(left, 0.1))


def _guessed(request: ChatRequest, heard: Heard) -> Usage:
    return Usage(
        input=counting.count_tokens(request.messages, request.functions),
        output=counting.count_text(heard.text + heard.reasoning),
    )


def _sum(attempts: Sequence[Attempt]) -> Decimal | None:
    """What they cost together; None where something was used that has no known price."""
    costs = [each.cost for each in attempts if each.cost is not None or each.usage.input or each.usage.output]
    return None if None in costs else sum((each for each in costs if each is not None), Decimal(0))


@contextmanager
def _database() -> Iterator[None]:
    try:
        yield
    finally:
        if not connection.in_atomic_block:  # a thread that waits for the network holds no connection
            connection.close()
