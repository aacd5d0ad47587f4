"""One model after the other: who is asked when, what is written down, what ends it."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest

from apps.ai.gateway import Gateway
from apps.ai.gateway.asking import TRIES, Caller
from apps.ai.models import Budget, Call, ModelChoices, OpenCall
from apps.core import clock, egress
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef, NodeError
from tests.ai.gateway.conftest import Asking
from tests.fakes.scripted import KEY, Fail, Hang, Say, Used

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("litellm")]


def ledger(asking: Asking) -> list[tuple[str, str, str]]:
    with tenant(asking.workspace_id):
        assert not OpenCall.objects.exists(), "every call that began has ended"
        return [(row.provider, row.step, row.outcome) for row in Call.objects.order_by("id")]


def test_the_second_answers_when_the_first_is_down(asking: Asking) -> None:
    first, one = asking.connect("openai")
    second, two = asking.connect("anthropic")
    third, three = asking.connect("gemini")
    first.answers(lambda asked: Fail.broken(500))
    second.says(Say("Here.", used=Used(1_000, 100)))
    reply = asking.chat(one, two, three)

    assert (reply.message.text, reply.provider) == ("Here.", "anthropic")
    assert [(each.provider, each.outcome) for each in reply.attempts] == [
        *[("openai", "ai.overloaded")] * TRIES,
        ("anthropic", "answered"),
    ]
    assert (len(first.asked), len(second.asked), len(third.asked)) == (TRIES, 1, 0)
    assert reply.cost == Decimal("0.0045")  # 3 dollars a million in, 15 out; what failed cost nothing
    assert ledger(asking) == [*[("openai", "turn:1", "ai.overloaded")] * TRIES, ("anthropic", "turn:1", "answered")]
    assert asking.circuits.told == [*["failed 0"] * TRIES, "succeeded"]


def test_what_everybody_said_is_told_when_nobody_answers(asking: Asking) -> None:
    (_, one), (_, two) = asking.connect("openai", key="sk-secret-number-one"), asking.connect("ollama")
    two = two.model_copy(update={"model": "not-pulled"})
    with pytest.raises(NodeError) as failed:
        asking.chat(one, two)
    assert failed.value.code == "ai.model_unknown"
    told = failed.value.details["attempts"]
    assert [(each["provider"], each["outcome"]) for each in told] == [
        ("openai", "ai.refused_key"),
        ("ollama", "ai.model_unknown"),
    ]
    assert "sk-secret" not in str(failed.value.details), "the provider quoted the key"


def test_a_short_pause_is_kept_and_a_long_one_is_not(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    fake.says(Fail.rate_limited(0.3), "Now.")
    began = time.monotonic()
    assert asking.chat(ref).message.text == "Now."
    assert time.monotonic() - began > 0.3
    fake.says(Fail.rate_limited(3_600))
    with pytest.raises(NodeError) as failed:
        asking.chat(ref)
    assert (failed.value.code, failed.value.retryable, failed.value.retry_after) == ("ai.rate_limited", True, 3_600)
    assert len(fake.asked) == 3


def test_an_account_without_money_is_not_asked_again(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    fake.says(Fail(429, "insufficient_quota: you exceeded your current quota.", "rate"))
    with pytest.raises(NodeError, match="takes no more requests") as failed:
        asking.chat(ref)
    assert not failed.value.retryable
    assert "credit" in failed.value.hint
    assert len(fake.asked) == 1


def test_a_budget_that_is_used_up_stops_everything_before_it_is_sent(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    now = clock.now()
    with tenant(asking.workspace_id):
        Budget.objects.create(
            workspace_id=asking.workspace_id,
            name="Small",
            scope="workspace",
            period="total",
            limit_usd=Decimal("0.0000001"),
            then="stop",
            created_at=now,
            updated_at=now,
        )
    with pytest.raises(NodeError) as failed:
        asking.chat(ref)
    assert failed.value.code == "ai.budget_reached"
    assert not fake.asked
    assert asking.circuits.told == ["left"], "the trial of a circuit is somebody else's to make"


def test_where_a_price_is_unknown_the_next_model_is_asked(asking: Asking) -> None:
    house, unpriced = asking.connect("custom")
    _, priced = asking.connect("openai")
    now = clock.now()
    with tenant(asking.workspace_id):
        Budget.objects.create(
            workspace_id=asking.workspace_id,
            name="Dollars",
            scope="workspace",
            period="total",
            limit_usd=Decimal(5),
            then="stop",
            created_at=now,
            updated_at=now,
        )
    assert asking.chat(unpriced, priced).provider == "openai"
    assert asking.circuits.told == ["left", "succeeded"]
    with pytest.raises(NodeError) as failed:
        asking.chat(unpriced)
    assert failed.value.code == "ai.price_unknown"
    assert not house.asked


def test_an_answer_that_refuses_ends_a_trial_too(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    fake.says(Fail.bad("No."))
    with pytest.raises(NodeError):
        asking.chat(ref)
    assert asking.circuits.told == ["succeeded"], "it is there, and answers"


def test_a_call_that_is_cut_off_ends_at_once_and_nobody_else_is_asked(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    other, two = asking.connect("anthropic")
    fake.says(Hang(20.0))
    with egress.line() as line:
        threading.Timer(0.4, line.cut).start()
        began = time.monotonic()
        with pytest.raises(NodeError) as failed:
            asking.chat(ref, two, timeout_seconds=20.0)
    assert time.monotonic() - began < 5.0
    assert failed.value.code == "ai.no_answer"
    assert not other.asked
    assert ledger(asking) == [("openai", "turn:1", "ai.no_answer")]


def test_who_listens_may_break_it_off(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    fake.says("One two three.")

    def enough(piece: str) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        asking.chat(ref, on_text=enough)
    assert ledger(asking) == [("openai", "turn:1", "ai.stopped")]
    assert len(fake.asked) == 1


def test_a_system_that_is_left_alone_is_not_asked(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, one = asking.connect("openai")
    _, two = asking.connect("anthropic")

    def before(target: str, *, timeout: float) -> bool:
        if target.startswith("OpenAI"):
            raise egress.CircuitOpen(f"{target} is left alone.", retry_after=12.0)
        return False

    monkeypatch.setattr(asking.circuits, "before", before)
    assert asking.chat(one, two).provider == "anthropic"
    assert not fake.asked
    with pytest.raises(NodeError) as failed:
        asking.chat(one)
    assert (failed.value.code, failed.value.retry_after) == ("ai.overloaded", 12.0)
    assert asking.circuits.told == []


def test_without_a_credential_it_says_what_to_connect(asking: Asking) -> None:
    for ask in (
        lambda: asking.chat(ModelRef(provider="anthropic", model="claude-sonnet-5")),
        asking.gateway.default_chain,
        lambda: asking.gateway.embed(["a"]),
    ):
        with pytest.raises(NodeError) as failed:
            ask()
        assert failed.value.code == "ai.no_credential"
        assert failed.value.details["link"] == "settings/models/"


def test_the_workspaces_choices_are_used(asking: Asking) -> None:
    _, ref = asking.connect("openai")
    row = ref.model_dump(mode="json")
    with tenant(asking.workspace_id):
        ModelChoices.objects.create(workspace_id=asking.workspace_id, chain=[row, row | {"model": "other"}])
    assert [each.model for each in asking.gateway.default_chain()] == [ref.model, "other"]


def test_the_engines_gateway_opens_by_use(asking: Asking) -> None:
    """A credential of another provider is never sent anywhere."""
    fake, ref = asking.connect("openai")
    uses: list[str] = []

    def opened(ref: Any, use: str) -> Any:
        uses.append(use)
        return asking.opened(ref, use)

    Gateway(Caller(asking.workspace_id), opened).chat(_request(ref))
    assert uses == ["model:openai"]
    assert fake.asked[0].key == KEY


def _request(ref: ModelRef) -> Any:
    from apps.nodes.contract import ChatRequest, Message

    return ChatRequest(models=(ref,), messages=(Message.of("user", "Hello"),))
