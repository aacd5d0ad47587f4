"""What a person said about being told of things, as a whole table and as changes to it. Pure.

Kept in `User.preferences` is only what differs from what each kind in `accounts.notices` does by itself, so that a new
kind is told to everybody as its line says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.accounts.notices import KINDS, PREFERENCE, Channel, wants
from apps.core.errors import FieldError, Invalid

CHANNELS: tuple[Channel, ...] = ("app", "mail")


def table(preferences: Mapping[str, Any]) -> dict[str, dict[Channel, bool]]:
    """What somebody wants of every kind in every way: `{"execution.failed": {"app": true, "mail": false}, …}`."""
    return {kind: {channel: wants(preferences, kind, channel) for channel in CHANNELS} for kind in KINDS}


def merged(preferences: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The preferences with what is said here of some kinds. Raises `Invalid` for a kind or way that does not exist."""
    standing: dict[str, dict[Any, bool]] = {kind: dict(ways) for kind, ways in table(preferences).items()}
    for kind, ways in wanted.items():
        for channel, said in ways.items():
            if kind not in standing or channel not in standing[kind] or not isinstance(said, bool):
                message = f"There is no notice {kind[:60]!r} by {str(channel)[:20]!r}, or it is neither true nor false."
                raise Invalid(message, errors=[FieldError(path=f"notices.{kind[:60]}", message=message)])
            standing[kind][channel] = said
    usual = table({})
    changed = {
        kind: {channel: said for channel, said in ways.items() if said != usual[kind][channel]}
        for kind, ways in standing.items()
    }
    return {**preferences, PREFERENCE: {kind: ways for kind, ways in changed.items() if ways}}
