"""Making a node ready to run: its inputs gathered, its parameters resolved and checked, its effect known."""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.ai import gateway
from apps.core import clock, egress, jsonclean
from apps.core.telemetry import spans
from apps.executions import live, metrics
from apps.executions.artifacts import Artifacts
from apps.executions.engine import mapping, plan
from apps.executions.engine.noderun import Key, NodeRun
from apps.executions.engine.rounds import Frame, Loop
from apps.executions.engine.states import State
from apps.executions.store import FenceLost
from apps.executions.worker import outward
from apps.executions.worker.context import NodeContext, idempotency_key
from apps.executions.worker.credentials import NodeCredentials
from apps.executions.worker.hand import Answered, Hand
from apps.executions.worker.scope import scope_of
from apps.executions.worker.stepping import Steps
from apps.executions.worker.values import NodeValues
from apps.nodes.contract import Attached, Done, Node, NodeError, OnUnknown, Place, Result, Rounds, Trigger
from apps.nodes.expressions import ExprError, compile_template, resolve
from apps.nodes.params import ParamsInvalid, inner_names, truth, validated
from apps.workflows.graph import Edge, GraphNode

logger = logging.getLogger(__name__)

MAX_INPUT_BYTES = 16_000_000


@dataclass(slots=True)
class Call:
    """One attempt of one node, ready to be made. Holds no lock and no connection while it is performed."""

    key: Key
    node: Node
    params: Any
    stored_params: Any
    effect: str
    honours_key: bool
    context: NodeContext
    timeout_seconds: float
    passes_through: bool = False
    leaves_by: str = "main"  # what is only passed through
    resumes: bool = False
    is_suspect: bool = False  # it ran each time its worker was lost: it gets a process of its own
    state: Any = None
    answer: Any = None
    deadline: float = math.inf  # on this process's monotonic clock, from the moment it is started
    line: egress.Line | None = None

    @property
    def node_id(self) -> str:
        """The node that is called."""
        return self.key[1]

    def perform(self) -> Result | NodeError:
        """Run the node's own code. Never raises: what goes wrong is returned as a `NodeError`.

        What is returned is free of the secrets the node used.
        """
        began = time.perf_counter()
        kind = f"{self.node.type}.{self.node.subtype}"
        with spans.span(f"node {kind}") as span:
            result = self.context.credentials.cleaned(self._performed())
            if isinstance(result, NodeError):
                span.failed(f"{result.code}: {result.message}")
            if spans.is_on():
                span.set_attribute("node.id", self.node_id)
                span.set_attribute("node.path", self.key[0])
                span.set_attribute("node.type", kind)
        outcome = type(result).__name__.removeprefix("Node").lower()
        metrics.NODE_SECONDS.labels(kind, outcome).observe(time.perf_counter() - began)
        return result

    def _performed(self) -> Result | NodeError:
        try:
            if self.passes_through:
                return Done(self.context.json, port=self.leaves_by)
            if self.effect == "pure":
                return self._made()
            with egress.line() as self.line:
                return self._made()
        except NodeError as error:
            return error
        except FenceLost:
            return NodeError("executions.fence_lost", "Somebody else owns this execution by now.")
        except Exception as fault:
            logger.exception("node fault in %s", type(self.node).__name__)
            return NodeError(
                "nodes.fault",
                f"{type(self.node).__name__} failed unexpectedly: {type(fault).__name__}: {fault}"[:500],
                "This is a fault of the node, not of your workflow. The server's log has the details.",
                is_unknown=self.effect == "write",
            )

    def _made(self) -> Result:
        if self.resumes:
            return self.node.resume(self.params, self.context, self.state, self.answer)
        return self.node.run(self.params, self.context)

    def hang_up(self) -> None:
        """Nobody waits for it any more: end what it is sending or reading."""
        if self.line is not None:
            self.line.cut()


def call(hand: Hand, node_run: NodeRun, now: datetime) -> Call:
    """The next attempt of a node that became ready. Raises `NodeError` when its parameters cannot be resolved."""
    node, frame = hand.node_of(node_run), hand.frame_of(node_run)
    edges = plan.delivered(hand.graph, frame.runs, node.id, lambda edge: _condition(hand, frame, edge))
    if node.is_pinned and hand.claimed.mode == "test":
        return _pinned(hand, node, node_run, _inputs(hand, frame, node, edges), now)
    given, sources = _brought(hand, frame, node_run, edges, now)
    if node.disabled:
        return _ready(hand, node, node_run, {}, {}, given, now, passes_through=True)
    answered = node_run.state is State.WAITING_INPUT
    if answered:
        resolved = node_run.params
    else:
        resolved = _resolved(hand, frame, node, given, now)
    params = _checked(node, resolved)
    # A trigger's parameters are the version's own, and may hold a secret: they are not written down again.
    stored = {} if issubclass(node.cls, Trigger) else resolved
    made = _ready(hand, node, node_run, params, stored, given, now, sources=sources)
    if answered:
        made.resumes, made.state = True, node_run.suspended
        made.answer = _answer(node, hand.answers.pop(node_run.key))
    return made


def again(hand: Hand, node_run: NodeRun) -> Call:
    """Another attempt with the parameters that were resolved and written before the first one."""
    node, frame = hand.node_of(node_run), hand.frame_of(node_run)
    edges = plan.delivered(hand.graph, frame.runs, node.id, lambda edge: holds(hand, frame, edge))
    params, now = _checked(node, node_run.params), clock.now()
    given, sources = _brought(hand, frame, node_run, edges, now)
    made = _ready(hand, node, node_run, params, node_run.params, given, now, sources=sources)
    past = hand.past.get(node_run.wait_id) if node_run.wait_id else None
    if past is not None:
        made.resumes, made.state, made.answer = True, node_run.suspended, _answer(node, past)
    return made


def holds(hand: Hand, frame: Frame, edge: Edge) -> bool:
    """Whether a connection's condition is true, seen from its source.

    A condition that cannot be evaluated lets the value through, so that its target runs and fails with the reason.
    """
    return edge.condition is None or _verdict(hand, frame, edge.source, edge.condition) is not False


def decide(hand: Hand, node_run: NodeRun) -> None:
    """Settle, now that the node is done, which of its connections lead on: whatever happens later, it stays so."""
    frame = hand.frame_of(node_run)
    for edge in hand.graph.outgoing[node_run.node_id]:
        if edge.condition is not None and node_run.delivers(edge.port):
            _verdict(hand, frame, node_run.node_id, edge.condition)


def _brought(
    hand: Hand, frame: Frame, node_run: NodeRun, edges: list[Edge], now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What came in by port, and by the node it came from. Where a connection maps it, that is done once and kept."""
    node = hand.node_of(node_run)
    if node.id not in hand.graph.mapped:
        return _inputs(hand, frame, node, edges), {edge.source: frame.runs[edge.source].output for edge in edges}
    if node_run.input is not None:
        given = plan.taken(edges, node_run.input)
        return given, plan.by_source(edges, given)
    values = {edge: _mapped(hand, frame, edge, now) for edge in edges if edge.mapping is not None}
    given = plan.inputs(frame.runs, edges, values)
    if values:
        node_run.input = plan.shown(given)
        if is_larger(node_run.input, MAX_INPUT_BYTES):
            node_run.input = None
            limit = f"{MAX_INPUT_BYTES // 1_000_000} MB"
            message = f"What the connections to “{node.name}” make has more than {limit}."
            raise NodeError("mapping.result_too_large", message, "Map fewer fields.")
    return given, plan.by_source(edges, given)


def _mapped(hand: Hand, frame: Frame, edge: Edge, now: datetime) -> Any:
    assert edge.mapping is not None
    value = frame.runs[edge.source].output
    try:
        return mapping.mapped(edge.mapping, value, lambda given: scope_of(hand, frame, {"main": given}, now))
    except mapping.MappingFailed as failed:
        raise NodeError(
            failed.code,
            f"{failed.path} of the mapping from {_names(hand, edge)}: {failed.message}",
            failed.hint or "Open the connection and correct its mapping.",
            details={"path": f"connections[{edge.at}].mapping.{failed.path}"},
        ) from None


def _inputs(hand: Hand, frame: Frame, node: GraphNode, edges: list[Edge]) -> dict[str, Any]:
    if frame.level is not None and not hand.graph.incoming.get(node.id):
        return {"main": frame.item}
    return plan.inputs(frame.runs, edges)


# ── Containers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def rounds_of(hand: Hand, node_run: NodeRun) -> tuple[Any, Rounds, Any]:
    """The parameters, the rounds and the input of a container that is read back."""
    made = again(hand, node_run)
    result = made.node.run(made.params, made.context)
    assert isinstance(result, Rounds)
    return made.params, result, made.context.json


def goes_on(hand: Hand, loop: Loop) -> bool:
    """Whether the condition of a container without a list holds for the next round. Raises `NodeError`."""
    given = {"main": loop.item()}
    found = _evaluated(hand, loop.outer, loop.node, "condition", given, index=loop.begun)
    try:
        return truth(found)
    except ValueError as error:
        raise NodeError("expressions.failed", f"The condition of “{loop.node.name}”: {error}") from None


def gave(hand: Hand, frame: Frame) -> Any:
    """What a round that is over gives: as the container's `result` says, else its single leaf's output.

    Of several leaves an object by node id, of none null. Raises `NodeError`.
    """
    assert frame.level is not None
    node = hand.graph.nodes[frame.level]
    leaves = {
        run.node_id: run.output
        for run in frame.runs.values()
        if run.is_settled and run.port is not None and not hand.graph.outgoing.get(run.node_id)
    }
    value = next(iter(leaves.values())) if len(leaves) == 1 else (leaves or None)
    if not frame.runs:
        value = frame.item
    if node.params.get("result") is None:
        return value
    return _evaluated(hand, frame, node, "result", {"main": value})


def _evaluated(
    hand: Hand, frame: Frame, node: GraphNode, name: str, given: dict[str, Any], *, index: int | None = None
) -> Any:
    try:
        return resolve(node.params[name], scope_of(hand, frame, given, clock.now(), index=index))
    except ExprError as error:
        raise NodeError(
            "expressions.failed",
            f"params.{name} of “{node.name}”: {error.message}",
            error.hint or "Open the node and correct the expression.",
            details={"path": f"params.{name}", "column": error.column},
        ) from None


# ── Conditions and sizes ─────────────────────────────────────────────────────────────────────────────────────────────


def _condition(hand: Hand, frame: Frame, edge: Edge) -> bool:
    if edge.condition is None:
        return True
    verdict = _verdict(hand, frame, edge.source, edge.condition)
    if isinstance(verdict, bool):
        return verdict
    raise NodeError(
        "expressions.failed",
        f"The condition of the connection from {_names(hand, edge)}: {verdict['message']}",
        verdict["hint"] or "Open the connection and correct its condition.",
        details={"path": f"connections[{edge.at}].condition"},
    )


def _verdict(hand: Hand, frame: Frame, source: str, condition: str) -> bool | dict[str, str]:
    """What a condition comes to on what its source gave; why, where it comes to nothing. Evaluated once."""
    run = frame.runs[source]
    known = run.verdicts or {}
    if condition not in known:
        scope = scope_of(hand, frame, {"main": run.output}, run.finished_at or clock.now())
        try:
            found: bool | dict[str, str] = truth(compile_template(condition).evaluate(scope))
        except (ExprError, ValueError) as error:
            found = jsonclean.cleaned({"message": str(error), "hint": getattr(error, "hint", "")})
        known = run.verdicts = {**known, condition: found}
    return known[condition]  # type: ignore[no-any-return]


def _names(hand: Hand, edge: Edge) -> str:
    return f"“{hand.graph.nodes[edge.source].name}” to “{hand.graph.nodes[edge.target].name}”"


def is_larger(value: Any, limit: int) -> bool:
    """Whether a value's JSON is larger than `limit` bytes; cheap for small values."""
    kind = type(value)
    if value is None or kind in (bool, int, float):
        return False
    if kind is str:
        return len(value) > limit // 4 and len(value.encode()) > limit
    if kind in (dict, list) and not _may_be_large(value, limit // 64):
        return False
    return len(json.dumps(value, ensure_ascii=False).encode()) > limit


def _may_be_large(value: Any, budget: int) -> bool:
    stack, seen = [value], 0
    while stack:
        item = stack.pop()
        if type(item) is str:
            seen += 1 + len(item) // 16
        elif type(item) is dict:
            seen += 1 + len(item)
            stack.extend(item.values())
        elif type(item) is list:
            seen += 1 + len(item)
            stack.extend(item)
        if seen > budget:
            return True
    return False


def timed_out(call: Call, name: str) -> NodeError:
    """What becomes of a call that did not end within its time."""
    return NodeError(
        "executions.node_timeout",
        f"“{name}” did not end within {call.timeout_seconds:g} s.",
        "Raise the node's timeout_seconds, or make it do less.",
        retryable=call.effect != "write",
        is_unknown=call.effect == "write",
    )


def _answer(node: GraphNode, resolved: Answered) -> Any:
    by, answer = resolved
    return {"outcome": "timeout"} if by == "deadline" and node.type == "HUMAN_IN_THE_LOOP" else answer


def _resolved(hand: Hand, frame: Frame, node: GraphNode, given: dict[str, Any], now: datetime) -> Any:
    later = inner_names(node.cls) if node.cls.is_container else node.cls.late_of(node.params)
    stored = {name: value for name, value in node.params.items() if name not in later}
    try:
        found: Any = resolve(stored, scope_of(hand, frame, given, now))
        return found if not later else found | {name: node.params[name] for name in later if name in node.params}
    except ExprError as error:
        raise NodeError(
            "expressions.failed",
            f"{error.path or 'A parameter'} of “{node.name}”: {error.message}",
            error.hint or "Open the node and correct the expression.",
            details={"path": error.path, "column": error.column},
        ) from None


def _attached(hand: Hand, frame: Frame, node: GraphNode, given: dict[str, Any], now: datetime) -> tuple[Attached, ...]:
    """What an agent uses, each with its parameters resolved among what the agent sees. Raises `NodeError`."""
    found = (hand.graph.nodes[other] for other in node.attached)
    return tuple(
        Attached(each.id, each.name, each.cls(), _checked(each, _resolved(hand, frame, each, given, now)), each.params)
        for each in found
        if not each.disabled
    )


def _checked(node: GraphNode, resolved: Any) -> Any:
    try:
        return validated(node.cls, resolved)
    except ParamsInvalid as refused:
        first = refused.faults[0]
        raise NodeError(
            "nodes.params_invalid",
            f"{first.path} of “{node.name}”: {first.message}",
            first.hint or "Check what the expression gives for this input.",
            details={"path": first.path},
        ) from None


def _pinned(hand: Hand, node: GraphNode, node_run: NodeRun, given: dict[str, Any], now: datetime) -> Call:
    made = _ready(hand, node, node_run, {}, {}, given, now, passes_through=True)
    made.context.inputs = {"main": node.pinned_output}
    made.leaves_by = node.port_of(node.pinned_output)
    return made


def key_of(hand: Hand, run: NodeRun) -> str:
    """The key a receiver can recognise a repeat of this node run's call by."""
    return idempotency_key(
        lineage_id=hand.claimed.lineage_id, node_id=run.node_id, path=run.path, failures=run.failures
    )


def _ready(
    hand: Hand,
    node: GraphNode,
    node_run: NodeRun,
    params: Any,
    stored: Any,
    given: dict[str, Any],
    now: datetime,
    *,
    sources: dict[str, Any] | None = None,
    passes_through: bool = False,
) -> Call:
    instance = node.cls()
    key, frame = key_of(hand, node_run), hand.frame_of(node_run)
    http = outward.door(hand.claimed.workspace_id)
    credentials = NodeCredentials(
        http,
        workspace_id=hand.claimed.workspace_id,
        workflow_id=hand.claimed.workflow_id,
        execution_id=hand.claimed.id,
    )
    place = Place(
        hand.claimed.workspace_id,
        hand.claimed.workflow_id,
        hand.claimed.id,
        node.id,
        node_run.path,
        is_test=hand.claimed.mode == "test",
        node_name=node.name,
    )
    return Call(
        key=node_run.key,
        node=instance,
        params=params,
        stored_params=stored,
        effect="pure" if passes_through else str(instance.effect(params)),
        honours_key=not passes_through and instance.honours_key(params),
        context=NodeContext(
            inputs=given,
            sources=sources or {},
            trigger_input=hand.claimed.input,
            now=now,
            http=http,
            credentials=credentials,
            models=gateway.Gateway(
                gateway.Caller.of(place), credentials.opened, outward.Circuits(hand.claimed.workspace_id)
            ),
            place=place,
            artifacts=Artifacts(
                hand.claimed.workspace_id, hand.claimed.workflow_id, hand.claimed.id, node.id, node_run.path
            ),
            values=NodeValues(
                workspace_id=hand.claimed.workspace_id, workflow_id=hand.claimed.workflow_id, idempotency_key=key
            ),
            idempotency_key=key,
            timeout_seconds=node.timeout_seconds,
            steps=Steps(
                hand.claimed,
                node.id,
                node_run.path,
                seconds=node.timeout_seconds,
                reenters=node_run.attempt > 0 or not hand.claimed.is_fresh,
                repeats_unknown=node.on_unknown is OnUnknown.RETRY or node_run.state is State.NEEDS_REVIEW,
            ),
            scope=lambda seen: scope_of(hand, frame, seen, now),
            attached=lambda: _attached(hand, frame, node, given, now),
            stream=lambda part, text: live.streamed(hand.id, node_id=node.id, path=node_run.path, part=part, text=text),
        ),
        timeout_seconds=node.timeout_seconds,
        passes_through=passes_through,
    )
