"""Asking the model: what is sent, what is shown meanwhile, and what is kept of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from apps.nodes.contract import ChatReply, ChatRequest, Context, Json, Message, NodeError

_PIECE_SECONDS: Final = 0.05
"""Text is shown in pieces, twenty a second at most."""
_SHORT: Final = 300
"""Results of tools that are shorter stay when the conversation has become too long."""
_CUT: Final = (
    "[This result was left out, because the conversation had become too long. Ask for it again if you need it.]"
)


def taken(ctx: Context, key: str, request: Callable[[], ChatRequest]) -> Mapping[str, Json]:
    """One turn of the model, done once, as its step keeps it: see the README.

    When the conversation is too long, the results of earlier tool calls are left out and it is asked once more.
    Raises what `Models.chat` raises.
    """

    def ask(_: str) -> Json:
        began, asked, trimmed = time.monotonic(), request(), 0
        shown = _Shown(ctx, key)
        try:
            reply = ctx.models.chat(asked, step=key, on_text=shown)
        except NodeError as refused:
            if refused.code != "ai.too_long":
                raise
            messages, trimmed = shortened(asked.messages)
            if not trimmed:
                raise
            ctx.log("The conversation had become too long: earlier results of tools were left out.", level="warning")
            asked = asked.model_copy(update={"messages": tuple(messages)})
            reply = ctx.models.chat(asked, step=key, on_text=shown)
        shown.rest()
        for note in reply.notes:
            ctx.log(note, level="warning")
        return _kept(reply, time.monotonic() - began) | ({"trimmed": trimmed} if trimmed else {})

    kept: Mapping[str, Json] = ctx.step(key, ask)
    return kept


def _kept(reply: ChatReply, seconds: float) -> dict[str, Json]:
    attempts = [
        each.model_dump(mode="json") | {"cost": None if each.cost is None else float(each.cost)}
        for each in reply.attempts
    ]
    return {
        "message": reply.message.model_dump(mode="json"),
        "usage": reply.usage.model_dump(),
        "cost": None if reply.cost is None else float(reply.cost),
        "model": reply.model,
        "provider": reply.provider,
        "attempts": attempts,
        "seconds": round(seconds, 3),
        "finish": reply.finish,
        "notes": list(reply.notes),
    }


def shortened(messages: Sequence[Message]) -> tuple[list[Message], int]:
    """The conversation without what tools gave before the last turn, and how many results were left out."""
    last = max((at for at, each in enumerate(messages) if each.role == "assistant"), default=0)
    made, count = list(messages), 0
    for at, each in enumerate(messages[:last]):
        if each.role == "tool" and len(each.text) > _SHORT:
            made[at] = Message.of("tool", _CUT, call_id=each.call_id, is_error=each.is_error)
            count += 1
    return made, count


class _Shown:
    """The text of a turn on its way to those who watch, in pieces of some length."""

    def __init__(self, ctx: Context, part: str) -> None:
        self._ctx, self._part = ctx, part
        self._waiting: list[str] = []
        self._next = 0.0

    def __call__(self, text: str) -> None:
        if not text:  # what was shown is void
            self._waiting.clear()
            self._ctx.stream("", part=self._part)
            return
        self._waiting.append(text)
        if time.monotonic() >= self._next:
            self.rest()

    def rest(self) -> None:
        """Show what has not been shown yet."""
        if self._waiting:
            self._ctx.stream("".join(self._waiting), part=self._part)
            self._waiting.clear()
            self._next = time.monotonic() + _PIECE_SECONDS
