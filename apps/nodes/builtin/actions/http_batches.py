"""One call per item of a list, several at once, each done once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from apps.core.egress.transport import current_line, line
from apps.nodes.builtin.actions.http_pace import Later, Pace
from apps.nodes.contract import Context, Expr, Json, NodeError, NodeParams, asked

_TRIES: Final = 3
_LONGEST_PAUSE: Final = 20.0
MOST_ITEMS: Final = 10_000


class Batch(NodeParams):
    """A call per item."""

    items: Expr[list[Any]]
    """The list. Address, query, headers and body are worked out for each item, which is `$item`, its place `$index`."""
    size: Annotated[int, Field(ge=1, le=50), asked("At once")] = 10
    """How many calls are under way at once."""
    pause_seconds: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False), asked("Pause between")] = 0
    """How long to wait between so many calls and the next ones."""
    on_error: Annotated[
        Literal["stop", "collect"],
        asked("When one fails", words={"stop": "Fail", "collect": "Go on with the others"}),
    ] = "stop"
    """`stop`: the first failure fails the node. `collect`: its place in the results holds the error, others go on."""


Ask = Callable[[int, str], Json]
"""The result for the item of this place. What it does stands in steps under this key, or below it."""


def run_through(batch: Batch, ctx: Context, pace: Pace, ask: Ask) -> dict[str, Json]:
    """The results in the order of the items, and how many of them are errors.

    Raises `NodeError` (with `collect` only for a write whose outcome nobody saw), and `Later` when the node should go
    on another time.
    """
    if len(batch.items) > MOST_ITEMS:
        raise NodeError(
            "http.too_many_items",
            f"{len(batch.items):,} items are more than the {MOST_ITEMS:,} that one node calls for.",
            "Split the list, or use a LOOP.",
        )
    results: list[Json] = []
    with _Calls(batch, ctx, ask) as calls:
        for begin in range(0, len(batch.items), batch.size):
            places = range(begin, min(begin + batch.size, len(batch.items)))
            if not all(_is_through(ctx, at) for at in places):
                pace.before_call(batch.pause_seconds)
            results += calls.made(places)
            ctx.progress(len(results), len(batch.items))
    return {"results": results, "failed": sum(1 for each in results if is_error(each))}


def is_error(result: Json) -> bool:
    """Whether a result stands for a call that failed."""
    return isinstance(result, dict) and set(result) == {"error"}


def _key(at: int) -> str:
    return f"item:{at + 1}"


def _is_through(ctx: Context, at: int) -> bool:
    return any(ctx.is_done(f"{_key(at)}{end}") for end in ("", "/end", "/error"))


class _Calls:
    """The calls of a batch: in this thread one by one, or several at once in threads that are hung up on together."""

    def __init__(self, batch: Batch, ctx: Context, ask: Ask) -> None:
        self._collects, self._ctx, self._ask = batch.on_error == "collect", ctx, ask
        self._line = current_line()
        most = min(batch.size, len(batch.items))
        self._threads = ThreadPoolExecutor(most, "batch") if most > 1 else None

    def __enter__(self) -> _Calls:
        return self

    def __exit__(self, *failed: object) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True)

    def made(self, places: Sequence[int]) -> list[Json]:
        """The results of these items; all are through when it returns or raises."""
        if self._threads is None:
            return [self._made(at) for at in places]
        outcomes = list(self._threads.map(self._outcome, places))
        failures = [each for each in outcomes if isinstance(each, Exception)]
        if failures:
            raise min(failures, key=_gravity)
        return outcomes

    def _outcome(self, at: int) -> Json | Exception:
        try:
            with line(self._line):
                return self._made(at)
        except Exception as failed:
            return failed

    def _made(self, at: int) -> Json:
        key = _key(at)
        if not self._collects:
            return self._ask(at, key)
        if self._ctx.is_done(f"{key}/error"):
            return self._ctx.step(f"{key}/error", _nothing)
        for attempt in range(1, _TRIES + 1):
            try:
                return self._ask(at, key)
            except NodeError as failed:
                if failed.is_unknown:
                    raise
                error = _described(failed)
                pause = max(failed.retry_after or 0.0, 2.0 ** (attempt - 1))
                if not failed.retryable or attempt == _TRIES or pause > _LONGEST_PAUSE:
                    break
                time.sleep(pause)
        return self._ctx.step(f"{key}/error", lambda _: error)


def _gravity(failed: Exception) -> int:
    """Which of several failures counts: what is no failure of a call before a write in doubt, that before others."""
    if isinstance(failed, Later):
        return 3
    if isinstance(failed, NodeError):
        return 1 if failed.is_unknown else 2
    return 0


def _described(failed: NodeError) -> dict[str, Json]:
    said = {"code": failed.code, "message": failed.message, "hint": failed.hint, "details": failed.details}
    return {"error": {name: value for name, value in said.items() if value}}


def _nothing(key: str) -> Json:
    raise AssertionError("done already")
