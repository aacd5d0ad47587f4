"""Making a node ready to run: its inputs gathered, its parameters resolved and checked, its effect known."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core import clock
from apps.executions.engine import plan
from apps.executions.engine.noderun import NodeRun
from apps.executions.engine.states import State
from apps.executions.worker import outward
from apps.executions.worker.context import NodeContext, idempotency_key
from apps.executions.worker.hand import Answered, Hand
from apps.executions.worker.scope import scope_of
from apps.nodes.contract import Done, Node, NodeError, Result, Trigger
from apps.nodes.expressions import ExprError, compile_template, resolve
from apps.nodes.params import ParamsInvalid, truth, validated
from apps.workflows.graph import Edge, GraphNode

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One attempt of one node, ready to be made. Holds no lock and no connection while it is performed."""

    node_id: str
    node: Node
    params: Any
    stored_params: Any
    effect: str
    honours_key: bool
    context: NodeContext
    timeout_seconds: float
    passes_through: bool = False
    resumes: bool = False
    state: Any = None
    answer: Any = None
    deadline: float = math.inf  # on this process's monotonic clock, from the moment it is started

    def perform(self) -> Result | NodeError:
        """Run the node's own code. Never raises: what goes wrong is returned as a `NodeError`."""
        try:
            if self.passes_through:
                return Done(self.context.json)
            if self.resumes:
                return self.node.resume(self.params, self.context, self.state, self.answer)
            return self.node.run(self.params, self.context)
        except NodeError as error:
            return error
        except Exception as fault:
            logger.exception("node fault in %s", type(self.node).__name__)
            return NodeError(
                "nodes.fault",
                f"{type(self.node).__name__} failed unexpectedly: {type(fault).__name__}: {fault}"[:500],
                "This is a fault of the node, not of your workflow. The server's log has the details.",
                is_unknown=self.effect == "write",
            )


def call(hand: Hand, node_run: NodeRun, now: datetime) -> Call:
    """The next attempt of a node that became ready. Raises `NodeError` when its parameters cannot be resolved."""
    node = hand.graph.nodes[node_run.node_id]
    edges = plan.delivered(hand.graph, hand.runs, node.id, lambda edge: _condition(hand, edge))
    given = plan.inputs(hand.runs, edges)
    if node.is_pinned and hand.claimed.mode == "test":
        return _pinned(hand, node, node_run, given, now)
    if node.disabled:
        return _ready(hand, node, node_run, {}, {}, given, now, passes_through=True)
    answered = node_run.state is State.WAITING_INPUT
    if answered:
        resolved = node_run.params
    else:
        resolved = _resolved(hand, node, given, now)
    params = _checked(node, resolved)
    sources = {edge.source: hand.runs[edge.source].output for edge in edges}
    # A trigger's parameters are the version's own, and may hold a secret: they are not written down again.
    stored = {} if issubclass(node.cls, Trigger) else resolved
    made = _ready(hand, node, node_run, params, stored, given, now, sources=sources)
    if answered:
        made.resumes, made.state = True, node_run.suspended
        made.answer = _answer(node, hand.answers.pop(node.id))
    return made


def again(hand: Hand, node_run: NodeRun) -> Call:
    """Another attempt with the parameters that were resolved and written before the first one."""
    node = hand.graph.nodes[node_run.node_id]
    edges = plan.delivered(hand.graph, hand.runs, node.id, lambda edge: holds(hand, edge))
    sources = {edge.source: hand.runs[edge.source].output for edge in edges}
    params = _checked(node, node_run.params)
    made = _ready(
        hand, node, node_run, params, node_run.params, plan.inputs(hand.runs, edges), clock.now(), sources=sources
    )
    past = hand.past.get(node_run.wait_id) if node_run.wait_id else None
    if past is not None:
        made.resumes, made.state, made.answer = True, node_run.suspended, _answer(node, past)
    return made


def holds(hand: Hand, edge: Edge) -> bool:
    """Whether a connection's condition is true, seen from its source.

    A condition that cannot be evaluated lets the value through, so that its target runs and fails with the reason.
    """
    try:
        return _condition(hand, edge)
    except NodeError:
        return True


def _condition(hand: Hand, edge: Edge) -> bool:
    if edge.condition is None:
        return True
    scope = scope_of(hand, {"main": hand.runs[edge.source].output}, clock.now())
    try:
        return truth(compile_template(edge.condition).evaluate(scope))
    except (ExprError, ValueError) as error:
        names = f"“{hand.graph.nodes[edge.source].name}” to “{hand.graph.nodes[edge.target].name}”"
        raise NodeError(
            "expressions.failed", f"The condition of the connection {names}: {error}", getattr(error, "hint", "")
        ) from None


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


def _resolved(hand: Hand, node: GraphNode, given: dict[str, Any], now: datetime) -> Any:
    try:
        return resolve(dict(node.params), scope_of(hand, given, now))
    except ExprError as error:
        raise NodeError(
            "expressions.failed",
            f"{error.path or 'A parameter'} of “{node.name}”: {error.message}",
            error.hint or "Open the node and correct the expression.",
            details={"path": error.path, "column": error.column},
        ) from None


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
    return made


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
    key = idempotency_key(
        lineage_id=hand.claimed.lineage_id, node_id=node.id, path=node_run.path, failures=node_run.failures
    )
    return Call(
        node_id=node.id,
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
            http=outward.door(),
            idempotency_key=key,
            timeout_seconds=node.timeout_seconds,
        ),
        timeout_seconds=node.timeout_seconds,
        passes_through=passes_through,
    )
