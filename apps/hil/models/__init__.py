"""Questions to people: what is asked, of whom, by when, and what they said."""

from __future__ import annotations

from apps.hil.models.channels import ChannelKind, ChannelSetup, Delivery, DeliveryStatus, Reply, ReplyAction
from apps.hil.models.people import Absence, Ask, AskKind, AskReason, AskStatus, Vote
from apps.hil.models.questions import (
    Assurance,
    Interaction,
    InteractionLink,
    InteractionStatus,
    Kind,
    Priority,
    Via,
)
from apps.hil.models.record import Entry
from apps.hil.models.times import Calendar, Timer, TimerKind

__all__ = [
    "Absence",
    "Ask",
    "AskKind",
    "AskReason",
    "AskStatus",
    "Assurance",
    "Calendar",
    "ChannelKind",
    "ChannelSetup",
    "Delivery",
    "DeliveryStatus",
    "Entry",
    "Interaction",
    "InteractionLink",
    "InteractionStatus",
    "Kind",
    "Priority",
    "Reply",
    "ReplyAction",
    "Timer",
    "TimerKind",
    "Via",
    "Vote",
]
