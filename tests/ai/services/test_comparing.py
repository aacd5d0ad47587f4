"""One prompt on several models: at the same time, in the ledger, stopped, and never running for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from apps.ai import selectors, services
from apps.ai.errors import ComparisonInvalid
from apps.ai.jobs import job_take
from apps.ai.models import Answer, Call, Comparison
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef, Sampling
from tests.ai.connecting import SECRET, connect, member
from tests.cast import Cast
from tests.fakes.anthropic import anthropic_server
from tests.fakes.ollama import ollama_server
from tests.fakes.openai import openai_server
from tests.fakes.scripted import Fail, Model, Say

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def fakes(cast: Cast, settings: Any) -> Iterator[dict[str, Model]]:
    """Three providers, each with a credential."""
    with ExitStack() as stack:
        found: dict[str, Model] = {
            "openai": stack.enter_context(openai_server()),
            "anthropic": stack.enter_context(anthropic_server()),
            "ollama": stack.enter_context(ollama_server()),
        }
        settings.EGRESS_ALLOW = [each.url.removeprefix("http://") for each in found.values()]
        for provider, fake in found.items():
            fake.key = "" if provider == "ollama" else SECRET
            base = f"{fake.url}/v1" if provider == "openai" else fake.url
            connect(cast, provider, url=base)
        yield found


REFS = [
    ModelRef(provider="openai", model="gpt-4o"),
    ModelRef(provider="anthropic", model="claude-haiku-4-5"),
    ModelRef(provider="ollama", model="llama3.2:3b"),
]


def start(cast: Cast, refs: list[ModelRef] = REFS, **given: Any) -> Comparison:
    return services.comparison_start(
        workspace_id=cast.workspace.id, actor=cast.owner, models=refs, prompt="What is a heron?", **given
    )


def work(count: int) -> list[threading.Thread]:
    """So many threads of a worker."""
    threads = [threading.Thread(target=services.comparisons_work) for _each in range(count)]
    for thread in threads:
        thread.start()
    return threads


def answers(cast: Cast, made: Comparison) -> list[Answer]:
    with tenant(cast.workspace.id):
        return list(selectors.comparison(cast.workspace.id, made.id).answers.all())


def test_every_model_is_asked_at_once_and_stands_in_the_ledger(cast: Cast, fakes: dict[str, Model]) -> None:
    for provider, fake in fakes.items():
        fake.says(Say(f"A bird, says {provider}, whose key is {SECRET}.", delay=1.0))
    made = start(cast, system="Be brief.", sampling=Sampling(temperature=0.2))
    began = time.monotonic()
    for thread in work(3):
        thread.join(60)
    first, second, third = answers(cast, made)
    assert [each.status for each in (first, second, third)] == ["done"] * 3
    assert first.text == "A bird, says openai, whose key is [secret]."
    assert time.monotonic() - began < 30  # the library is brought in once; the answers do not wait for one another
    assert first.cost is not None
    assert first.cost > 0
    assert third.cost == 0
    assert first.usage["output"] > 0
    assert first.seconds is not None
    assert first.first_seconds is not None
    assert 0.9 < first.first_seconds <= first.seconds
    (asked,) = fakes["openai"].asked
    assert [said.role for said in asked.said] == ["system", "user"]
    with tenant(cast.workspace.id):
        calls = {call.model: call for call in Call.objects.filter(purpose="compare")}
        assert calls.keys() == {ref.model for ref in REFS}
        assert calls["gpt-4o"].step == str(first.id)


def test_what_a_model_refuses_is_its_own_affair(cast: Cast, fakes: dict[str, Model]) -> None:
    fakes["openai"].says(Fail.bad(f"No such thing, {SECRET}."))
    fakes["anthropic"].says("A bird.")
    made = start(cast, REFS[:2])
    for thread in work(2):
        thread.join(60)
    refused, answered = answers(cast, made)
    assert (refused.status, answered.status) == ("failed", "done")
    assert refused.error is not None
    assert refused.error["code"] == "ai.bad_request"
    assert SECRET not in str(refused.error)


def test_a_stop_is_seen_at_once(cast: Cast, fakes: dict[str, Model]) -> None:
    fakes["ollama"].says(Say("word " * 200, slow=0.1))
    made = start(cast, [REFS[2]])
    (thread,) = work(1)
    for _tick in range(300):
        if answers(cast, made)[0].text:
            break
        time.sleep(0.05)
    assert answers(cast, made)[0].status == "running"
    services.comparison_cancel(workspace_id=cast.workspace.id, actor=cast.owner, comparison_id=made.id)
    thread.join(5)
    assert not thread.is_alive()
    (stopped,) = answers(cast, made)
    assert stopped.status == "canceled"
    assert stopped.text.startswith("word")


def test_an_answer_whose_worker_died_ends_and_is_not_paid_for_twice(cast: Cast, fakes: dict[str, Model]) -> None:
    made = start(cast, [REFS[0]])
    assert job_take(Answer, "ai_answers_take") is not None  # and is never heard of again
    assert not services.comparisons_work()
    with tenant(cast.workspace.id):
        Answer.objects.update(due_at=Now() - timedelta(seconds=1))
    assert services.comparisons_work()
    (ended,) = answers(cast, made)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "ai.answer_interrupted"
    assert fakes["openai"].asked == []
    assert not services.comparisons_work()


def test_what_cannot_be_asked_is_said_where_it_stands(cast: Cast) -> None:
    with pytest.raises(ComparisonInvalid) as nothing:
        start(cast, [REFS[0]])
    assert nothing.value.errors[0].path == "models[0]"
    assert "Nothing is connected for OpenAI" in nothing.value.message
    mine = connect(cast, "openai", scope="user")
    with pytest.raises(ComparisonInvalid, match="is not there"):
        services.comparison_start(
            workspace_id=cast.workspace.id,
            actor=member(cast),
            models=[ModelRef(provider="openai", model="gpt-4o", credential=mine.id)],
            prompt="Hello?",
        )
    with pytest.raises(ComparisonInvalid) as many:
        start(cast, REFS * 3)
    assert many.value.errors[0].path == "models"


def test_comparisons_are_forgotten_after_a_month(cast: Cast) -> None:
    connect(cast, "custom")
    old, young = (start(cast, [ModelRef(provider="custom", model="m")]) for _each in range(2))
    with tenant(cast.workspace.id):
        Comparison.objects.filter(id=old.id).update(created_at=Now() - timedelta(days=31))
    assert services.comparisons_forget() == 1
    with tenant(cast.workspace.id):
        assert [each.id for each in selectors.comparisons(cast.workspace.id)] == [young.id]
