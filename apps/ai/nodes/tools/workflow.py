"""A workflow as a tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from pydantic import Field

from apps.ai.nodes.tools.code import Argument
from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Expr,
    Function,
    Json,
    Node,
    Offer,
    Suspend,
    Tool,
    ToolParams,
    asked,
)
from apps.nodes.contract.messages import TOOL_NAME
from apps.nodes.registry import node_type


class Workflow(Tool):
    """Let an agent run another workflow and work with its result.

    What runs is its latest published version, from its trigger SUB_WORKFLOW (or MANUAL), as an execution of its own.
    The model fills in the arguments below, which are its input; what it fails with is told to the model.
    """

    subtype, icon, name = "WORKFLOW", "workflow", "Workflow"
    summary = "{workflow}"
    keywords = ("call", "sub workflow", "child", "reuse", "run")

    class Params(ToolParams):
        workflow: Annotated[str, Field(min_length=1, max_length=200), asked(widget="workflow")]
        """The workflow to run: its id, or its name."""
        title: Annotated[str, Field(pattern=TOOL_NAME), asked("Name of the tool")]
        """What the model calls it by: letters, digits, `_` and `-`, such as `check_price`."""
        description: Annotated[str, Field(min_length=1, max_length=2_000), asked("What it does", widget="lines")]
        """When the model should use it, and what it gets back."""
        arguments: Annotated[list[Argument], Field(max_length=20)] = []
        """What the model fills in."""
        values: Annotated[Expr[dict[str, Any]], Field(max_length=50), asked("Further input")] = {}
        """What it is started with besides, which the model neither sees nor changes."""
        only_reads: Annotated[bool, asked("Only reads", group="Approval")] = False
        """Whether the workflow changes nothing elsewhere. A call of it then waits for nobody, unless you say so."""
        timeout_seconds: Annotated[float | None, Field(gt=0, le=31_536_000), asked("Time limit", group="More")] = None
        """After so many seconds it is not waited for any more: it is cancelled, and the model is told."""

    examples = (
        Example(
            "The price of a thing",
            params={
                "workflow": "Price check",
                "title": "price",
                "description": "The price of an article today, by its number.",
                "arguments": [{"name": "sku", "description": "The article's number"}],
                "only_reads": True,
            },
            input={"sku": "A-1"},
            answers=(
                {"children": [{"execution_id": "0199", "status": "SUCCESS", "output": {"price": 12}, "error": None}]},
            ),
            returns={"price": 12},
        ),
    )

    def offers(self, params: Params, ctx: Context) -> Sequence[Offer]:
        """One function of the declared arguments."""
        effect = Effect.READ if params.only_reads else Effect.WRITE
        schema = {
            "type": "object",
            "properties": {argument.name: argument.schema_() for argument in params.arguments},
            "required": [argument.name for argument in params.arguments if argument.is_required],
            "additionalProperties": False,
        }
        # It is started by the very transaction in which its agent begins to wait: never without it, and never twice.
        return [
            Offer(
                Function(name=params.title, description=params.description, parameters=schema),
                effect,
                honours_key=True,
                needs_approval=params.needs_approval(effect),
                title=params.workflow,
            )
        ]

    def call(self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done | Suspend:
        """Start it, and wait."""
        node, call = _node(params, arguments)
        return cast(Suspend, node.run(call, ctx))

    def answered(
        self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json], state: Json, answer: Json
    ) -> Done | Suspend:
        """Give its result, or why there is none."""
        node, call = _node(params, arguments)
        return cast(Done, node.resume(call, ctx, state, answer))


def _node(params: Workflow.Params, arguments: Mapping[str, Json]) -> tuple[Node, Any]:
    cls = node_type("FLOW", "SUB_WORKFLOW")
    assert cls is not None
    given = {**arguments, **params.values}
    return cls(), cls.Params.model_validate(
        {"workflow": params.workflow, "input": given, "timeout_seconds": params.timeout_seconds}
    )
