"""A definition as something an engine can run. Pure: no Django, no I/O, no clock."""

from __future__ import annotations

from apps.workflows.graph.build import compile, draft_of
from apps.workflows.graph.document import Completion, Concurrency, Debounce, Rate, Settings
from apps.workflows.graph.findings import Finding, Fix, GraphInvalid, errors_in
from apps.workflows.graph.model import ERROR_PORT, Edge, Graph, GraphNode
from apps.workflows.graph.variables import reads_variables

__all__ = [
    "ERROR_PORT",
    "Completion",
    "Concurrency",
    "Debounce",
    "Edge",
    "Finding",
    "Fix",
    "Graph",
    "GraphInvalid",
    "GraphNode",
    "Rate",
    "Settings",
    "compile",
    "draft_of",
    "errors_in",
    "reads_variables",
]
