"""What each answer to a question sets off, read from the graph of the version that asks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.nodes.contract import NodeType
from apps.workflows.graph import ERROR_PORT, Graph

TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one outcome does. `runs` names the nodes that come next, in the order of the connections.

    `again`: the step itself is run once more. `resumes`: it goes on, as agents do, which ask in the middle of their
    work. `fails`: the execution ends as failed.
    """

    outcome: str
    label: str
    style: str
    runs: tuple[str, ...] = ()
    again: bool = False
    resumes: bool = False
    fails: bool = False


def of_question(graph: Graph, node_id: str, outcomes: Sequence[Mapping[str, str]]) -> list[Consequence]:
    """What the answers to a node's question set off, in the order of the buttons."""
    return [
        Consequence(
            way["name"],
            way["label"],
            way["style"],
            (_name(graph, node_id),) if goes_on(graph, node_id) else _next(graph, node_id, way["name"]),
            resumes=goes_on(graph, node_id),
        )
        for way in outcomes
        if way["name"] != TIMEOUT
    ]


def of_review(graph: Graph, node_id: str, outcomes: Sequence[Mapping[str, str]]) -> list[Consequence]:
    """What the answers to "did this happen?" set off."""
    found = []
    on_error = graph.nodes[node_id].on_error if node_id in graph.nodes else "stop"
    for way in outcomes:
        name, label, style = way["name"], way["label"], way["style"]
        if name == "happened":
            found.append(Consequence(name, label, style, _next(graph, node_id, "main")))
        elif name == "run_again":
            found.append(Consequence(name, label, style, (_name(graph, node_id),), again=True))
        elif on_error == "stop":
            found.append(Consequence(name, label, style, fails=True))
        else:
            port = ERROR_PORT if on_error == "route" else "main"
            found.append(Consequence(name, label, style, _next(graph, node_id, port)))
    return found


def of_timeout(graph: Graph, node_id: str) -> tuple[str, ...]:
    """The names of the nodes that run when nobody answers in time."""
    return (_name(graph, node_id),) if goes_on(graph, node_id) else _next(graph, node_id, TIMEOUT)


def goes_on(graph: Graph | None, node_id: str) -> bool:
    """Whether the node itself goes on with the answer, whatever it is."""
    return graph is not None and node_id in graph.nodes and graph.nodes[node_id].type == NodeType.AI_AGENT


def _next(graph: Graph, node_id: str, port: str) -> tuple[str, ...]:
    edges = graph.outgoing.get(node_id, ())
    return tuple(dict.fromkeys(_name(graph, edge.target) for edge in edges if edge.port == port))


def _name(graph: Graph, node_id: str) -> str:
    return graph.nodes[node_id].name if node_id in graph.nodes else node_id
