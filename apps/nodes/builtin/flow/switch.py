"""A fork with many ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from apps.nodes.contract import Context, Done, Example, Json, Node, NodeOutput, NodeParams, NodeType, Result, asked
from apps.nodes.params import Condition

DEFAULT = "default"


class Case(NodeParams):
    """One way out."""

    name: Annotated[str, Field(min_length=1, max_length=60), asked("Port")]
    """Name of the port."""
    condition: Condition
    """When the input leaves here, as one expression."""


class Switch(Node):
    """Go one of several ways.

    The input leaves by the first case whose condition holds, or by every such case with `all_matches`; by `default`
    when none does.
    """

    type, subtype, icon, name = NodeType.FLOW, "SWITCH", "git-fork", "Switch"
    summary = "First case that holds"
    keywords = ("case", "route", "branch", "condition")
    ports = (DEFAULT,)

    class Params(NodeParams):
        cases: Annotated[list[Case], Field(min_length=1, max_length=50)]
        """The ways out, looked at in this order."""
        all_matches: Annotated[bool, asked("Leave by every case that holds")] = False
        """Take every case that holds instead of the first."""

        @model_validator(mode="after")
        def _names_differ(self) -> Self:
            names = [case.name for case in self.cases]
            taken = {DEFAULT, "error"} & set(names)
            if taken:
                raise ValueError(f"“{taken.pop()}” is a port of its own; name the case differently.")
            if len(set(names)) < len(names):
                raise ValueError("Two cases have the same name.")
            return self

    class Output(NodeOutput):
        """The input, unchanged."""

    examples = (
        Example(
            "By country",
            params={
                "cases": [
                    {"name": "germany", "condition": "{{ $json.country == 'DE' }}"},
                    {"name": "france", "condition": "{{ $json.country == 'FR' }}"},
                ]
            },
            input={"country": "FR"},
            returns={"country": "FR"},
            port="france",
        ),
        Example(
            "None of them",
            params={"cases": [{"name": "germany", "condition": "{{ $json.country == 'DE' }}"}]},
            input={"country": "IT"},
            returns={"country": "IT"},
            port=DEFAULT,
        ),
    )

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """One port per case, then `default`."""
        cases = params.get("cases")
        named = [case.get("name") for case in cases if isinstance(case, Mapping)] if isinstance(cases, list) else []
        return (*dict.fromkeys(name for name in named if isinstance(name, str) and name), DEFAULT)

    def run(self, params: Params, ctx: Context) -> Result:
        """Choose the port, or the ports."""
        held = [case.name for case in params.cases if case.condition]
        if not held:
            return Done(ctx.json, port=DEFAULT)
        return Done(ctx.json, port=held[0], also=tuple(held[1:]) if params.all_matches else ())
