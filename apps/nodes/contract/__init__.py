"""What a node type is, what it may ask for, and what it may answer. Free of Django and of every other app.

One node type is one class in one file: its docstring is the palette text and reference page, `Params` its form,
`Output` its promise, `examples` its tests. See `docs/guides/add-a-node.md`.
"""

from __future__ import annotations

from apps.nodes.contract.context import LEVELS, Artifacts, Context, Http, HttpAnswer, Level, Values, ValueScope
from apps.nodes.contract.credentials import CredentialRef, Credentials, HttpAuth, NoAuth, takes
from apps.nodes.contract.declare import (
    Effect,
    Example,
    Expr,
    Inner,
    Json,
    Migration,
    NodeOutput,
    NodeParams,
    NodeType,
    OnUnknown,
    Retry,
    asked,
)
from apps.nodes.contract.node import Container, Node, Trigger
from apps.nodes.contract.results import Done, Leave, NodeError, Response, Result, Rounds, Stop, Suspend
from apps.nodes.contract.waits import EVENT_NAME, AskHuman, Callback, Event, Outcome, RunChild, Timer, Wait

__all__ = [
    "EVENT_NAME",
    "LEVELS",
    "Artifacts",
    "AskHuman",
    "Callback",
    "Container",
    "Context",
    "CredentialRef",
    "Credentials",
    "Done",
    "Effect",
    "Event",
    "Example",
    "Expr",
    "Http",
    "HttpAnswer",
    "HttpAuth",
    "Inner",
    "Json",
    "Leave",
    "Level",
    "Migration",
    "NoAuth",
    "Node",
    "NodeError",
    "NodeOutput",
    "NodeParams",
    "NodeType",
    "OnUnknown",
    "Outcome",
    "Response",
    "Result",
    "Retry",
    "Rounds",
    "RunChild",
    "Stop",
    "Suspend",
    "Timer",
    "Trigger",
    "ValueScope",
    "Values",
    "Wait",
    "asked",
    "takes",
]
