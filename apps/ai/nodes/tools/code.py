"""A tool that is a piece of code: the model gives its arguments, the sandbox runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Expr,
    Function,
    Json,
    NodeParams,
    Offer,
    Tool,
    ToolParams,
    Variable,
    asked,
)
from apps.nodes.contract.messages import TOOL_NAME

_KINDS = {"text": "string", "number": "number", "integer": "integer", "boolean": "boolean", "list": "array"}


class Argument(NodeParams):
    """Something the model fills in."""

    name: Variable
    """The variable it becomes in the code."""
    kind: Annotated[
        Literal["text", "number", "integer", "boolean", "list", "object"],
        asked(words={"integer": "Whole number", "boolean": "True or false"}),
    ] = "text"
    """What it is."""
    description: Annotated[str, Field(max_length=1_000)] = ""
    """What the model should put there."""
    is_required: bool = True
    """Whether the model has to give it; what it leaves out is null in the code."""

    def schema_(self) -> dict[str, Json]:
        """It in JSON Schema."""
        found: dict[str, Json] = {"type": _KINDS.get(self.kind, self.kind)}
        return found | ({"description": self.description} if self.description else {})


class CodeTool(Tool):
    """Let an agent call Python or JavaScript of your own.

    The code is the body of a function of the arguments below: what it returns is what the model is told. It runs in the
    sandbox of the node RUN_CODE, without network, files or secrets, so a call changes nothing and needs nobody's
    agreement unless you ask for it.
    """

    subtype, icon, name = "CODE", "square-function", "Code"
    summary = "{title} in {language}"
    keywords = ("python", "javascript", "function", "calculate", "script")

    class Params(ToolParams):
        title: Annotated[str, Field(pattern=TOOL_NAME), asked("Name of the tool")]
        """What the model calls it by: letters, digits, `_` and `-`, such as `delivery_date`."""
        description: Annotated[str, Field(min_length=1, max_length=2_000), asked("What it does", widget="lines")]
        """When the model should use it, and what it gets back."""
        arguments: Annotated[list[Argument], Field(max_length=20)] = []
        """What the model fills in; each becomes a variable of the code."""
        language: Annotated[
            Literal["python", "javascript"], asked(words={"python": "Python", "javascript": "JavaScript"})
        ] = "python"
        """What the code is written in."""
        code: Annotated[str, Field(min_length=1, max_length=100_000), asked(widget="code")]
        """The code, taken as written. It answers with `return`."""
        values: Annotated[Expr[dict[Variable, Any]], Field(max_length=50), asked("Further values")] = {}
        """More variables for the code, which the model neither sees nor fills in."""
        limit_seconds: Annotated[float, Field(gt=0, le=300), asked("Time limit", group="Limits")] = 10
        """How long one call may take."""
        memory_mb: Annotated[int, Field(ge=16, le=16_384), asked("Memory in MB", group="Limits")] = 256
        """How much memory one call may use."""

        @model_validator(mode="after")
        def _names_once(self) -> Self:
            names = [argument.name for argument in self.arguments] + list(self.values)
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"“{name}” stands twice among the arguments and values: rename one.")
            return self

    examples = (
        Example(
            "When an order arrives",
            params={
                "title": "delivery_date",
                "description": "The day an order arrives, as YYYY-MM-DD.",
                "arguments": [
                    {"name": "ordered", "description": "The day of the order, as YYYY-MM-DD"},
                    {"name": "express", "kind": "boolean", "is_required": False},
                ],
                "values": {"days": "{{ 3 }}"},
                "code": "from datetime import date, timedelta\n"
                "day = date.fromisoformat(ordered) + timedelta(days=1 if express else days)\n"
                "return day.isoformat()",
            },
            input={"ordered": "2026-11-20"},
            returns="2026-11-23",
        ),
    )

    @classmethod
    def late_of(cls, params: Mapping[str, Json]) -> frozenset[str]:
        """The code: it is never resolved, so that nobody's data becomes a part of it."""
        return frozenset({"code"})

    @classmethod
    def may_ask(cls, params: Mapping[str, Json]) -> bool:
        """Only where its author wants it."""
        return params.get("approval") == "always"

    def effect(self, params: Any) -> Effect:
        """Code in the sandbox changes nothing."""
        return Effect.READ

    def offers(self, params: Params, ctx: Context) -> Sequence[Offer]:
        """One function of the declared arguments."""
        schema = {
            "type": "object",
            "properties": {argument.name: argument.schema_() for argument in params.arguments},
            "required": [argument.name for argument in params.arguments if argument.is_required],
            "additionalProperties": False,
        }
        function = Function(name=params.title, description=params.description, parameters=schema)
        return [Offer(function, Effect.READ, needs_approval=params.needs_approval(Effect.READ))]

    def call(self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done:
        """Run the code with what the model gave."""
        given = {argument.name: arguments.get(argument.name) for argument in params.arguments}
        answer = ctx.code.run(
            language=params.language,
            source=params.code,
            values=params.values | given,
            seconds=min(params.limit_seconds, ctx.timeout_seconds),
            memory_mb=params.memory_mb,
        )
        return Done(answer.result)
