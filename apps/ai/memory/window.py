"""Which part of a conversation is shown to a model again. Pure.

Providers refuse the answer of a tool without its call, and a call without its answer; some refuse a conversation that
does not begin with the user. So it is cut between exchanges only: an exchange begins with what a user said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from apps.nodes.contract import Media, Message, Text

_BYTES_PER_TOKEN = 4
_PER_MESSAGE, _PER_PICTURE = 4, 1_000
LONGEST_TEXT = 40_000


def tokens_of(message: Message) -> int:
    """About how many tokens it is: a quarter of its bytes, and 1,000 for a picture or a file."""
    words = [message.text, *(json.dumps([call.name, call.arguments]) for call in message.calls)]
    media = sum(isinstance(part, Media) for part in message.parts)
    return _PER_MESSAGE + sum(len(word.encode()) for word in words) // _BYTES_PER_TOKEN + media * _PER_PICTURE


def fitted(messages: Sequence[Message], *, most_messages: int, most_tokens: int) -> list[Message]:
    """The newest exchanges that fit within both limits, whole. Of a last one that is too large by itself, what was said
    to its user and by them, without its tools; nothing where even that is too large.
    """
    kept: list[Message] = []
    for exchange in reversed(exchanges(messages)):
        if not _fits([*exchange, *kept], most_messages, most_tokens):
            if not kept:
                words = [each for each in exchange if each.role != "tool" and not each.calls]
                kept = words if _fits(words, most_messages, most_tokens) else []
            break
        kept = [*exchange, *kept]
    return kept


def exchanges(messages: Iterable[Message]) -> list[list[Message]]:
    """The conversation in exchanges, each with its calls answered and its answers called for. What is incomplete, and
    what stands before the first word of a user, is left out.
    """
    found: list[list[Message]] = []
    for message in messages:
        if message.role == "user":
            if found and all(each.role == "user" for each in found[-1]):
                found[-1].append(message)  # one turn in several messages
            else:
                found.append([message])
        elif found and message.role != "system":
            found[-1].append(message)
    return [whole for whole in map(_answered, found) if len(whole) > 1]


def trimmed(message: Message) -> Message:
    """As it is kept: without the bytes of pictures and files, and no text longer than 40,000 characters."""
    parts = [_small(part) if isinstance(part, Media) else _short(part) for part in message.parts]
    return message.model_copy(update={"parts": tuple(parts)})


def _fits(messages: Sequence[Message], most_messages: int, most_tokens: int) -> bool:
    return len(messages) <= most_messages and sum(map(tokens_of, messages)) <= most_tokens


def _answered(exchange: list[Message]) -> list[Message]:
    """Without calls that are not answered at once, and answers that were not called for."""
    kept: list[Message] = []
    rest = list(exchange)
    while rest:
        message = rest.pop(0)
        if message.role == "tool":
            continue
        answers: dict[str, Message] = {}
        while message.calls and rest and rest[0].role == "tool":
            answer = rest.pop(0)
            answers.setdefault(answer.call_id, answer)
        if {call.id for call in message.calls} <= answers.keys():
            kept += [message, *(answers[call.id] for call in message.calls)]
    return kept


def _small(part: Media) -> Media | Text:
    return Text(text=f"[{part.kind} {part.name or part.media_type}: not kept]") if part.data else part


def _short(part: Text) -> Text:
    left = len(part.text) - LONGEST_TEXT
    return part if left <= 0 else Text(text=f"{part.text[:LONGEST_TEXT]}\n[{left:,} more characters were not kept]")
