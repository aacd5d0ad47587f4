"""Which part of a conversation is shown again: never a call without its answer, nor an answer without its call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ai.memory.window import LONGEST_TEXT, exchanges, fitted, tokens_of, trimmed
from apps.nodes.contract import Media, Message, Text, ToolCall


def user(text: str = "Where is it?") -> Message:
    return Message.of("user", text)


def says(text: str = "On its way.") -> Message:
    return Message.of("assistant", text)


def calls(*ids: str) -> Message:
    return Message(role="assistant", calls=tuple(ToolCall(id=each, name="look", arguments={"at": 1}) for each in ids))


def answers(call: str, text: str = "found") -> Message:
    return Message.of("tool", text, call_id=call)


def test_the_newest_exchanges_are_shown_whole() -> None:
    old, new = [user("a"), says("b")], [user(), calls("1", "2"), answers("1"), answers("2"), says()]
    assert fitted([*old, *new], most_messages=7, most_tokens=10_000) == [*old, *new]
    assert fitted([*old, *new], most_messages=6, most_tokens=10_000) == new
    size = sum(map(tokens_of, new))
    assert fitted([*old, *new], most_messages=99, most_tokens=size) == new
    assert fitted([*old, *new], most_messages=4, most_tokens=10_000) == [new[0], new[-1]], "its words at least"
    assert fitted([*old, *new], most_messages=99, most_tokens=3) == []


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ([says(), user(), says("x")], [user(), says("x")]),
        ([answers("0"), user(), says()], [user(), says()]),
        ([user(), calls("1"), user("again"), says()], [user("again"), says()]),
        ([user(), calls("1", "2"), answers("1"), says()], [user(), says()]),
        ([user(), answers("9"), says()], [user(), says()]),
        ([user("a"), user("b"), says()], [user("a"), user("b"), says()]),
        ([Message.of("system", "be kind"), user(), says()], [user(), says()]),
    ],
)
def test_what_is_incomplete_is_left_out(said: list[Message], left: list[Message]) -> None:
    assert [message for exchange in exchanges(said) for message in exchange] == left


pieces = st.sampled_from([user(), says(), calls("1"), calls("1", "2"), answers("1"), answers("2"), answers("3")])


@given(st.lists(pieces, max_size=30), st.integers(0, 30), st.integers(0, 200))
def test_no_provider_would_refuse_it(said: list[Message], most_messages: int, most_tokens: int) -> None:
    shown = fitted(said, most_messages=most_messages, most_tokens=most_tokens)
    assert len(shown) <= most_messages
    assert sum(map(tokens_of, shown)) <= most_tokens
    assert not shown or shown[0].role == "user"
    open_calls: list[str] = []
    for message in shown:
        if message.role == "tool":
            assert message.call_id in open_calls
            open_calls.remove(message.call_id)
        else:
            assert not open_calls
            open_calls = [call.id for call in message.calls]
    assert not open_calls


def test_bytes_and_very_long_texts_are_not_kept() -> None:
    picture = Media(kind="image", media_type="image/png", data="aGVsbG8=")
    artifact = Media(kind="image", artifact={"id": "7"})
    message = Message(role="user", parts=(Text(text="x" * (LONGEST_TEXT + 5)), picture, artifact))
    text, gone, kept = trimmed(message).parts
    assert isinstance(text, Text)
    assert text.text.endswith("[5 more characters were not kept]")
    assert gone == Text(text="[image image/png: not kept]")
    assert kept == artifact
