"""Containers in hand: their rounds begin, end, and are given up.

A round is over when all its nodes are settled; it ends early when a node leaves it, fails, or it is not wanted any
more. Then what can be cancelled is; a write that was sent is waited for, so that what it did is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from apps.core import jsonclean
from apps.executions.engine import plan, settle
from apps.executions.engine.noderun import CONTAINER, ROUND, NodeRun
from apps.executions.engine.rounds import Frame, Leaving, Loop, leaving_of, parts_of, round_run
from apps.executions.engine.states import NodeEvent, State
from apps.executions.worker import prepare
from apps.executions.worker.hand import Hand
from apps.executions.worker.prepare import Call
from apps.nodes.contract import Container, Done, Leave, NodeError, Rounds

if TYPE_CHECKING:
    from apps.executions.worker.run import Run


# ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────────────────


def open_container(run: Run, own: NodeRun, call: Call, rounds: Rounds, now: datetime) -> list[NodeRun]:
    """A container begins its first rounds. Returns the node runs that are settled now."""
    loop = Loop(own, run.node_of(own), run.frame_of(own), rounds, call.params, call.context.json)
    run.loops[own.key] = loop
    if rounds.items is not None:
        own.suspended = {"total": len(rounds.items)}  # for watchers: payloads do not travel live
    return _fill(run, loop, now)


def _fill(run: Run, loop: Loop, now: datetime) -> list[NodeRun]:
    """Begin rounds while there is room for them; end the container when none is left."""
    while loop.has_room:
        if loop.rounds.items is None and not _goes_on(run, loop, now):
            loop.is_ending = True
        else:
            _begin(run, loop, now)
    return _close(run, loop, now) if loop.is_over else []


def _goes_on(run: Run, loop: Loop, now: datetime) -> bool:
    try:
        if not prepare.goes_on(run, loop):
            return False
        if loop.begun < loop.rounds.most:
            return True
        raise NodeError(
            "while.too_many",
            f"The condition of “{loop.node.name}” still holds after {loop.rounds.most} rounds.",
            "Raise max_iterations, or look at why the condition never becomes false.",
        )
    except NodeError as refused:
        loop.error = settle.describe(refused, loop.node.id)
        return False


def _begin(run: Run, loop: Loop, now: datetime) -> None:
    index, item = loop.begun, loop.item()
    own = round_run(loop, index)
    settle.start(own, now)
    frame = Frame(own.path, plan.fresh(run.graph, loop.node.id, own.path), loop.node.id, loop.outer, own, item, index)
    loop.begun += 1
    loop.live[index] = run.frames[own.path] = frame
    run.touch(own, now)
    for entry in plan.entries(run.graph, frame.runs):
        run.queue(entry)
    if not frame.runs:
        run.to_check.append(frame)


# ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def left(run: Run, node_run: NodeRun, leave: Leave, now: datetime) -> list[NodeRun]:
    """A node ends the round it stands in."""
    results = tuple(jsonclean.cleaned(list(leave.results)))
    settle.leave(node_run, Leave(leave.whole, results), now)
    run.touch(node_run, now)
    _abandon(run, run.frame_of(node_run), Leaving(results, leave.whole), now)
    return [node_run]


def failed(run: Run, node_run: NodeRun, now: datetime) -> None:
    """A node whose failure stops what it stands in has failed inside a round."""
    _abandon(run, run.frame_of(node_run), Leaving(error=node_run.error), now)


def cancel(run: Run, unwanted: Iterable[NodeRun], now: datetime) -> None:
    """Give up node runs that have not ended. A write that was sent ends by itself, unheeded."""
    for each in unwanted:
        loop = run.loops.get(each.key)
        if loop is not None:
            _cancel_container(run, loop, now)
        elif not each.is_settled and not _is_sent(run, each):
            run.cancel(each, now)


def _cancel_container(run: Run, loop: Loop, now: datetime) -> None:
    loop.is_ending = loop.is_cancelled = True
    for frame in list(loop.live.values()):
        _abandon(run, frame, Leaving(is_cancelled=True), now)


def _abandon(run: Run, frame: Frame, leaving: Leaving, now: datetime) -> None:
    frame.leaving = frame.leaving or leaving
    cancel(run, frame.runs.values(), now)
    run.to_check.append(frame)


def _is_sent(run: Run, node_run: NodeRun) -> bool:
    return node_run.effect == "write" and node_run.key in run.in_flight


def end_if_over(run: Run, frame: Frame, now: datetime) -> list[NodeRun]:
    """End a round that is over, and begin the next one. Returns the node runs that are settled now."""
    if run.frames.get(frame.path) is not frame or frame.own is None or not frame.is_over:
        return []
    outer, node_id, index = parts_of(frame.path)
    loop, own = run.loops[outer, node_id], frame.own
    _end(run, frame, own, now)
    if own.state is State.FAILED and loop.rounds.collects_errors:
        own.output, own.port = {"error": own.error}, "main"
    run.touch(own, now)
    del run.frames[frame.path]
    loop.take(index, own)
    if loop.is_ending:
        for other in list(loop.live.values()):
            _abandon(run, other, Leaving(is_cancelled=True), now)
    return _fill(run, loop, now)


def _end(run: Run, frame: Frame, own: NodeRun, now: datetime) -> None:
    leaving = frame.leaving
    if leaving is None:
        try:
            settle.finish(own, Done(jsonclean.cleaned(prepare.gave(run, frame))), now)
            return
        except NodeError as refused:
            leaving = Leaving(error=settle.describe(refused, own.node_id))
    if leaving.is_cancelled:
        own.become(NodeEvent.CANCEL)
    elif leaving.error is not None:
        own.become(NodeEvent.FAIL)
        own.error = leaving.error
    else:
        settle.finish(own, Done(leaving.results[0] if leaving.results else None), now)
        own.port = "main" if leaving.results else None
        own.suspended = {"is_whole": True} if leaving.is_whole else None
    own.finished_at = now


def _close(run: Run, loop: Loop, now: datetime) -> list[NodeRun]:
    own = loop.run
    del run.loops[own.key]
    if loop.is_cancelled:
        run.cancel(own, now)
        return [own]
    if loop.error is not None:
        details: dict[str, Any] = {"node_id": loop.error.get("node_id")}
        failed_rounds = [index for index, each in loop.over.items() if each.state is State.FAILED and not each.port]
        if failed_rounds:
            details["round"] = min(failed_rounds)
        error = NodeError(loop.error["code"], loop.error["message"], loop.error.get("hint", ""), details=details)
        return run.refuse(own, error, now)
    container = loop.node.cls()
    assert isinstance(container, Container)
    return run.done(own, Done(container.collect(loop.params, loop.results())), now)


# ── Reading back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def read_back(run: Hand, found: list[NodeRun]) -> None:
    """Put the node runs that were written where they stand, and take up the containers that were at work."""
    levels: dict[str, list[NodeRun]] = {}
    begun: dict[tuple[str, str], list[NodeRun]] = {}
    for each in found:
        if each.effect == ROUND:
            begun.setdefault(parts_of(each.path)[:2], []).append(each)
        else:
            levels.setdefault(each.path, []).append(each)
    todo = [run.frames[""]]
    while todo:
        frame = todo.pop()
        frame.runs.update({each.node_id: each for each in levels.get(frame.path, ())})
        frame.leaving = leaving_of(frame) if frame.own is not None else None
        for each in frame.runs.values():
            if each.effect == CONTAINER and each.state is State.RUNNING:
                todo += _take_up(run, frame, each, begun.get(each.key, []))


def _take_up(run: Hand, outer: Frame, own: NodeRun, begun: list[NodeRun]) -> list[Frame]:
    params, rounds, given = prepare.rounds_of(run, own)
    loop = Loop(own, run.node_of(own), outer, rounds, params, given)
    run.loops[own.key] = loop
    for each in sorted(begun, key=lambda each: parts_of(each.path)[2]):
        index = parts_of(each.path)[2]
        loop.begun = index
        if each.is_settled:
            loop.take(index, each)
            continue
        runs = plan.fresh(run.graph, loop.node.id, each.path)
        frame = Frame(each.path, runs, loop.node.id, outer, each, loop.item(), index)
        loop.live[index] = run.frames[each.path] = frame
    loop.begun = len(begun)
    return list(loop.live.values())


def go_on(run: Run, now: datetime) -> list[NodeRun]:
    """Let everything happen in containers that was about to happen when their owner was lost.

    Returns the node runs that are settled now.
    """
    settled: list[NodeRun] = []
    for frame in list(run.frames.values()):
        if frame.own is None:
            continue
        if frame.leaving is not None:
            _abandon(run, frame, frame.leaving, now)
        for entry in plan.entries(run.graph, frame.runs):
            if entry.state is State.PENDING and frame.leaving is None:
                run.queue(entry)
        run.to_check.append(frame)
    for loop in list(run.loops.values()):
        if loop.is_ending:
            for other in list(loop.live.values()):
                _abandon(run, other, Leaving(is_cancelled=True), now)
        settled += _fill(run, loop, now)
    return settled
