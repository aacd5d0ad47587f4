"""Steps a run in hand can be moved by. Each is done under the run's lock, and may be done again."""

from __future__ import annotations

from collections.abc import Callable

from apps.core import clock
from apps.executions.worker.prepare import Call
from apps.executions.worker.run import Run
from apps.nodes.contract import NodeError, Result


def go_on(run: Run) -> None:
    """Nothing of its own: whatever follows, follows."""


def write_now(run: Run) -> None:
    """Write a checkpoint, which also shows whether the run is still ours: the fence refuses it otherwise."""
    run.is_urgent = True


def listen(run: Run) -> None:
    """Write down what running nodes have said since the last look, so that it is read while they still run."""
    for call in run.in_flight.values():
        run.listen(call)
    run.is_urgent = run.is_urgent or run.dirty_since is not None


def hold(run: Run) -> None:
    """Start nothing more; what runs may end."""
    run.is_held = True


def give_up_calls(run: Run) -> None:
    """Wait no longer for what is running."""
    for call in run.in_flight.values():
        call.hang_up()
    run.in_flight.clear()


def answered(call: Call, result: Result | NodeError) -> Callable[[Run], None]:
    """Apply what a call gave, unless it was given up meanwhile."""

    def step(run: Run) -> None:
        if run.in_flight.get(call.key) is call:
            del run.in_flight[call.key]
            now = clock.now()
            run.advance(run.apply(call, result, now), now)

    return step
