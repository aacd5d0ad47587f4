"""The same scenarios with every provider, through the real LiteLLM."""

from __future__ import annotations

from typing import get_args

import pytest

from apps.nodes.contract import Function, Message, NodeError, Provider, Sampling, ToolCall
from tests.ai.gateway.conftest import SERVERS, Asking
from tests.fakes.scripted import KEY, Call, Fail, Hang, Raw, Say, Used

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("litellm")]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
LOOK_UP = Function(
    name="look_up",
    description="The weather of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def test_every_provider_has_a_fake() -> None:
    assert set(SERVERS) == set(PROVIDERS)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_agents_conversation(asking: Asking, provider: Provider, is_streamed: bool) -> None:
    fake, ref = asking.connect(provider)
    fake.says(
        Say(
            "Let me look.",
            calls=(Call("look_up", {"city": "Rome"}), Call("look_up", {"city": "Zürich"})),
            thought="Two cities.",
            used=Used(100, 20, cached=40, reasoning=5),
        ),
        "Rome is sunny, Zürich is not.",
    )
    pieces: list[str] = []
    on_text = pieces.append if is_streamed else None
    system, question = Message.of("system", "You know the weather."), Message.of("user", "Where is it sunny?")
    first = asking.chat(ref, messages=(system, question), functions=(LOOK_UP,), on_text=on_text)

    assert first.finish == "tools"
    assert first.message.text == "Let me look."
    assert [(call.name, call.arguments) for call in first.message.calls] == [
        ("look_up", {"city": "Rome"}),
        ("look_up", {"city": "Zürich"}),
    ]
    assert len({call.id for call in first.message.calls}) == 2
    assert all(len(call.id) <= 40 for call in first.message.calls)
    assert first.message.reasoning == "Two cities."
    assert (first.usage.input, first.usage.output) == (100, 20)
    assert first.usage.cached == (0 if provider == "ollama" else 40)
    assert "".join(pieces) == ("Let me look." if is_streamed else "")

    answers = tuple(
        Message.of("tool", f"{at} degrees", call_id=call.id) for at, call in enumerate(first.message.calls, 20)
    )
    kept = Message.model_validate_json(first.message.model_dump_json())
    second = asking.chat(ref, messages=(system, question, kept, *answers), functions=(LOOK_UP,), on_text=on_text)
    assert (second.message.text, second.finish) == ("Rome is sunny, Zürich is not.", "stop")
    asked = fake.asked[1]
    assert asked.system == "You know the weather."
    assert [each.text for each in asked.results] == ["20 degrees", "21 degrees"]
    assert [call.arguments for each in asked.said for call in each.calls] == [{"city": "Rome"}, {"city": "Zürich"}]
    assert bool(asked.signed) == (provider in ("anthropic", "gemini"))
    assert [each.key for each in fake.asked] == [KEY, KEY]
    assert len(fake.seen) == 2, "nothing is asked besides"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Fail(401, "", "key"), "ai.refused_key"),
        (Fail(404, "x", "model"), "ai.model_unknown"),
        (Fail.too_long(), "ai.too_long"),
        (Fail.bad("Not like this."), "ai.bad_request"),
        (Hang(5.0), "ai.no_answer"),
    ],
)
def test_what_cannot_be_mended_is_tried_once(asking: Asking, provider: Provider, step: Fail, code: str) -> None:
    fake, ref = asking.connect(provider)
    fake.says(step)
    with pytest.raises(NodeError) as failed:
        asking.chat(ref, timeout_seconds=0.4)
    assert failed.value.code == code
    assert len(fake.asked) == 1
    assert "litellm" not in failed.value.message.lower()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "step", [Fail.rate_limited(0.01), Fail.broken(503), Say("x", breaks_after=0), Raw(b"{not json")]
)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_what_passes_is_tried_again(asking: Asking, provider: Provider, step: Fail, is_streamed: bool) -> None:
    fake, ref = asking.connect(provider)
    fake.says(step, "At last.")
    pieces: list[str] = []
    reply = asking.chat(ref, on_text=pieces.append if is_streamed else None)
    assert reply.message.text == "At last."
    assert len(reply.attempts) == 2
    assert len(fake.asked) == 2
    assert reply.attempts[0].outcome != "answered"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_stream_that_breaks_is_void_and_tried_again(asking: Asking, provider: Provider) -> None:
    fake, ref = asking.connect(provider)
    fake.says(Say("One two three four.", breaks_after=3), "One two.")
    pieces: list[str] = []
    reply = asking.chat(ref, on_text=pieces.append)
    assert reply.message.text == "One two."
    shown = pieces[: pieces.index("")]
    assert shown
    assert "One two three four.".startswith("".join(shown))
    assert "".join(pieces[pieces.index("") + 1 :]) == "One two."
    assert reply.attempts[0].usage.output > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_settings_reach_the_model_or_are_named(asking: Asking, provider: Provider) -> None:
    fake, ref = asking.connect(provider)
    sampling = Sampling(
        temperature=0.2, max_tokens=50, top_p=0.9, frequency_penalty=0.1, presence_penalty=0.1, stop=("END",)
    )
    reply = asking.chat(ref, sampling=sampling)
    written = str(fake.asked[0].body)
    for name, value in (("temperature", "0.2"), ("max_tokens", "50"), ("top_p", "0.9"), ("stop", "END")):
        assert value in written or any(name in note for note in reply.notes), name
    told = " ".join(reply.notes)
    for name in ("frequency_penalty", "presence_penalty"):
        assert "0.1" in written or name in told


def test_a_reasoning_model_of_openai_knows_no_temperature(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    ref = ref.model_copy(update={"model": "gpt-5-mini"})
    reply = asking.chat(ref, sampling=Sampling(temperature=0.2, max_tokens=50, reasoning="low"))
    assert "temperature was left out: gpt-5-mini does not know it" in reply.notes
    assert fake.asked[0].body["max_completion_tokens"] == 50
    assert fake.asked[0].body["reasoning_effort"] == "low"


def test_broken_arguments_come_as_they_were_written(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    fake.says(Say(calls=(Call("look_up", '{"city": "Ro'), Call("look_up", "[1]"), Call("look_up", ""))))
    calls = asking.chat(ref, functions=(LOOK_UP,)).message.calls
    assert [(call.arguments, call.wrong) for call in calls] == [({}, '{"city": "Ro'), ({}, "[1]"), ({}, "")]
    fake.says(Say(calls=(Call("look_up", '{"a":' * 50_000),)))
    (bomb,) = asking.chat(ref, functions=(LOOK_UP,), on_text=lambda _: None).message.calls
    assert bomb.wrong


def test_a_key_that_comes_back_letter_by_letter_is_shown_to_nobody(asking: Asking) -> None:
    fake, ref = asking.connect("openai", key="sk-0123456789-canary")
    fake.key = "sk-0123456789-canary"
    fake.says(Say("Your key is sk-0123456789-canary. Mine is sk-", letters=3))
    shown = list[str]()
    reply = asking.chat(ref, on_text=shown.append)
    assert "".join(shown) == reply.message.text == "Your key is [secret]. Mine is sk-"


def test_tokens_that_cannot_have_been_used_pay_nothing_back(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    fake.says(Say("Free.", used=Used(-1_000_000, 5, cached=-3)), Say("Dear.", used=Used(10**30, 5)))
    found = asking.chat(ref)
    assert (found.usage.input, found.usage.output, found.usage.cached) == (0, 5, 0)
    assert found.cost is not None
    assert found.cost > 0
    assert asking.chat(ref).usage.input == 100_000_000


def test_the_conversation_goes_on_with_another_provider(asking: Asking) -> None:
    said = [Message.of("user", "Weather?")]
    for provider in ("anthropic", "gemini", "openai", "ollama", "anthropic", "gemini"):
        fake, ref = asking.connect(provider)
        if provider == "gemini":
            ref = ref.model_copy(update={"model": "gemini-3.5-flash"})
        fake.says(Say(calls=(Call("look_up", {"city": "Rome"}),), thought="Hm."))
        reply = asking.chat(ref, messages=tuple(said), functions=(LOOK_UP,), sampling=Sampling(reasoning="low"))
        said += [reply.message, Message.of("tool", "sunny", call_id=reply.message.calls[0].id)]


def test_which_tool_is_called_can_be_said(asking: Asking) -> None:
    for provider in ("openai", "anthropic", "gemini"):
        fake, ref = asking.connect(provider)
        for choice in ("required", "none", "look_up"):
            asking.chat(ref, functions=(LOOK_UP,), choice=choice, is_parallel=False)
        assert [each.choice for each in fake.asked] == ["required", "none", "look_up"], provider
    fake, ref = asking.connect("ollama")
    assert "tool_choice" in asking.chat(ref, functions=(LOOK_UP,), choice="required").notes[0]
    asking.chat(ref, functions=(LOOK_UP,), choice="none")
    assert [each.tools for each in fake.asked] == [("look_up",), ()]


def test_an_answer_can_be_cut_or_refused(asking: Asking) -> None:
    for provider in PROVIDERS:
        fake, ref = asking.connect(provider)
        fake.says(Say("Half of", finish="length"))
        assert asking.chat(ref).finish == "length", provider
        if provider != "ollama":
            fake.says(Say("", finish="refused"))
            assert asking.chat(ref).finish == "refused", provider


def test_the_call_ids_of_tools_are_kept(asking: Asking) -> None:
    fake, ref = asking.connect("openai")
    call = ToolCall(id="call-1", name="look_up", arguments={"city": "Rome"})
    said = (
        Message.of("user", "Weather?"),
        Message(role="assistant", calls=(call,)),
        Message.of("tool", "It broke.", call_id="call-1", is_error=True),
    )
    asking.chat(ref, messages=said, functions=(LOOK_UP,))
    assert fake.asked[0].results[0].call == "call-1"
