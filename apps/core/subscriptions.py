"""Who is told what: every installed app's `subscribers.py`, read once.

    SUBSCRIBERS = {"execution.finished": (child_ended, completion_announced)}
    SENDERS = {"completion": completion_send}

A subscriber is called with the event inside `tenant()`, in the transaction that marks it as told: it touches the
database only, and what it writes is written exactly once. A sender is called without a transaction, at least once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TypeAlias

from django.apps import apps

from apps.core.models import Event, Message

Subscriber: TypeAlias = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the other side answered. `is_delivered`: it took the message; `is_refused`: it never will."""

    is_delivered: bool
    status: int | None = None
    answer: str = ""
    error: str = ""
    is_refused: bool = False


Sender: TypeAlias = Callable[[Message], Sent]


def subscribers_of(name: str) -> Sequence[Subscriber]:
    """Who wants to know of events of this name, in the order of the apps."""
    return _found()[0].get(name, ())


def sender_of(channel: str) -> Sender | None:
    """Who sends messages of this channel, if anybody does."""
    return _found()[1].get(channel)


def label(subscriber: Subscriber) -> str:
    """How a subscriber is remembered with an event."""
    return f"{subscriber.__module__}.{subscriber.__qualname__}"


@cache
def _found() -> tuple[Mapping[str, Sequence[Subscriber]], Mapping[str, Sender]]:
    subscribers: dict[str, tuple[Subscriber, ...]] = {}
    senders: dict[str, Sender] = {}
    for config in apps.get_app_configs():
        name = f"{config.name}.subscribers"
        if not config.name.startswith("apps.") or find_spec(name) is None:
            continue
        module = import_module(name)
        for event, wanted in getattr(module, "SUBSCRIBERS", {}).items():
            subscribers[event] = (*subscribers.get(event, ()), *wanted)
        for channel, sender in getattr(module, "SENDERS", {}).items():
            if channel in senders:
                raise RuntimeError(f"Two senders for the channel {channel!r}: {senders[channel]!r} and {sender!r}.")
            senders[channel] = sender
    return subscribers, senders
