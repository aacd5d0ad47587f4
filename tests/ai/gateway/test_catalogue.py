"""What is known of models, and how the file is made."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from django.core.management import call_command

from apps.ai.gateway import catalogue, cataloguing, counting
from apps.nodes.contract import ChatRequest, Function, Media, Message, ModelRef, Sampling, Text, Usage

MINI = ModelRef(provider="openai", model="gpt-5-mini")


def test_a_model_is_known_by_provider_and_name() -> None:
    found = catalogue.find("openai", "gpt-5-mini")
    assert found is not None
    assert (found.context, found.output) == (272_000, 128_000)
    assert found.can("tools")
    assert found.can("vision")
    assert found.can("reasoning")
    assert catalogue.find("anthropic", "gpt-5-mini") is None
    llama = catalogue.find("ollama", "llama3.1:8b")
    assert llama is not None
    assert llama.name == "llama3.1"
    for provider in ("openai", "anthropic", "gemini", "groq", "together", "ollama"):
        assert catalogue.of_provider(provider), provider
    assert catalogue.of_provider("gemini", "embedding")


def test_what_tokens_cost() -> None:
    used = Usage(input=1_000_000, output=100_000, cached=400_000)
    assert catalogue.estimate_cost(MINI, used) == Decimal("0.36")  # 0.15 read, 0.01 from the cache, 0.20 written
    claude = ModelRef(provider="anthropic", model="claude-sonnet-4-5")
    assert catalogue.estimate_cost(claude, Usage(input=1_000_000, written=1_000_000)) == Decimal("3.75")
    assert catalogue.estimate_cost(ModelRef(provider="ollama", model="mine"), used) == 0
    assert catalogue.estimate_cost(ModelRef(provider="custom", model="mine"), used) is None
    assert catalogue.estimate_cost(MINI.model_copy(update={"model": "gpt-of-tomorrow"}), used) is None


def test_a_model_retires_and_has_a_successor() -> None:
    found = catalogue.find("anthropic", "claude-sonnet-4-5")
    assert found is not None
    assert found.retires_on == date(2026, 11, 30)
    assert (found.is_retired(date(2026, 11, 29)), found.is_retired(date(2026, 11, 30))) == (False, True)
    assert catalogue.find("anthropic", found.successor) is not None


def test_every_successor_is_there_and_stays() -> None:
    for model in catalogue.models().values():
        after = catalogue.find(model.provider, model.successor) if model.successor else None
        assert bool(after) == bool(model.successor), model.name
        if after and after.retires_on:
            assert model.retires_on is None or after.retires_on > model.retires_on, model.name


def test_the_file_is_what_the_installed_library_brings() -> None:
    call_command("models_update", "--check")


def test_an_update_says_what_is_different() -> None:
    was = json.dumps({"openai": {"a": {"context": 1}, "b": {}}})
    now = json.dumps({"openai": {"a": {"context": 2}, "c": {}}})
    assert list(cataloguing.changes(was, now)) == ["new: openai/c", "gone: openai/b", "changed: openai/a", "2 models."]


def test_a_request_is_measured_before_it_is_sent() -> None:
    english = "The quick brown fox jumps over the lazy dog. " * 100  # 1,000 tokens by any of the usual vocabularies
    assert 850 < counting.count_text(english) < 1_250
    assert counting.count_text("天気はどうですか") == 8
    tool = Function(name="look_up", description="Look it up.", parameters={"type": "object"})
    picture = Media(kind="image", data="AAAA")
    messages = (Message.of("system", english), Message(role="user", parts=(Text(text="?"), picture)))
    assert counting.count_tokens(messages, (tool,)) > counting.count_tokens(messages) > 2_400
    request = ChatRequest(models=(MINI,), messages=messages, sampling=Sampling(max_tokens=1_000))
    cost, tokens = counting.most(MINI, request)
    assert cost is not None
    assert Decimal("0.002") < cost < Decimal("0.01")
    assert tokens > 3_000
    assert counting.most(ModelRef(provider="custom", model="x"), request)[0] is None
