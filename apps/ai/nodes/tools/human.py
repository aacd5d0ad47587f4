"""A person as a tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from apps.nodes.contract import (
    AskHuman,
    Context,
    Done,
    Effect,
    Example,
    Expr,
    Function,
    Json,
    NodeError,
    Offer,
    Outcome,
    Suspend,
    Tool,
    ToolParams,
    asked,
)
from apps.nodes.contract.messages import TOOL_NAME

ANSWERED: Final = "answered"
_TAKEN: Final = frozenset({ANSWERED, "timeout", "undeliverable"})
_SCHEMA: Final[dict[str, Json]] = {
    "type": "object",
    "required": ["question"],
    "additionalProperties": False,
    "properties": {
        "question": {"type": "string", "maxLength": 300, "description": "The question, in one line."},
        "details": {
            "type": "string",
            "maxLength": 10_000,
            "description": "What the person needs to know to answer it, if that is not clear.",
        },
    },
}


class Human(Tool):
    """Let an agent ask a person, and work with the answer.

    The question stands in the inbox and reaches people by mail or in Slack, as any other does; the run holds nothing
    meanwhile. The answer is a text, or one of the choices you give. The model is told who answered, or that nobody did.
    """

    subtype, icon, name = "HUMAN", "user-check", "Ask a person"
    summary = "{description}"
    keywords = ("person", "human", "ask", "question", "expert", "help", "colleague")

    class Params(ToolParams):
        title: Annotated[str, Field(pattern=TOOL_NAME), asked("Name of the tool")] = "ask_a_person"
        """What the model calls it by: letters, digits, `_` and `-`."""
        description: Annotated[str, Field(min_length=1, max_length=2_000), asked("What it is for", widget="lines")] = (
            "Ask a person who knows more than you, when you cannot find something out by yourself."
        )
        """When the model should ask, and what these people know."""
        people: Annotated[
            Expr[list[Annotated[str, Field(max_length=300)]]], Field(max_length=100), asked(widget="lines")
        ] = []
        """Members by e-mail address, `role:admin`, other addresses. Left out: everybody who may answer."""
        choices: Annotated[
            list[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,49}$")]],
            Field(max_length=25),
            asked(widget="lines"),
        ] = []
        """The answers there are, one per line. Left out: a text."""
        timeout_seconds: Annotated[int, Field(ge=60, le=2_592_000), asked("Time to answer")] = 86_400
        """How long there is to answer: one minute to 30 days."""

        @model_validator(mode="after")
        def _fits(self) -> Self:
            if len(set(self.choices)) < len(self.choices) or len(self.choices) == 1:
                raise ValueError("Give at least two different choices, or none.")
            if taken := sorted(_TAKEN & set(self.choices)):
                raise ValueError(f"A choice cannot be called {taken[0]}.")
            return self

    examples = (
        Example(
            "A question to the warehouse",
            params={"people": ["warehouse@example.com"], "description": "Knows what is in the warehouse."},
            input={"question": "Is the blue lamp there?"},
            answers=(
                {
                    "outcome": "answered",
                    "comment": None,
                    "data": {"answer": "Two of them."},
                    "answered_by": {"label": "Jonas"},
                },
            ),
            returns={"answer": "Two of them.", "answered_by": "Jonas"},
        ),
    )

    @classmethod
    def may_ask(cls, params: Mapping[str, Json]) -> bool:
        """It is all it does."""
        return True

    def offers(self, params: Params, ctx: Context) -> Sequence[Offer]:
        """One function: the question."""
        description = params.description
        if params.choices:
            description += f" The answer is one of: {', '.join(params.choices)}."
        function = Function(name=params.title, description=description, parameters=_SCHEMA)
        return [Offer(function, Effect.READ, needs_approval=params.needs_approval(Effect.READ), title="Ask a person")]

    def call(self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done | Suspend:
        """Put the question."""
        form: Json = None
        outcomes = tuple(Outcome(choice, choice.replace("_", " ")) for choice in params.choices)
        if not outcomes:
            outcomes = (Outcome(ANSWERED, "Send", "primary"),)
            answer = {"type": "string", "title": "Answer", "minLength": 1, "maxLength": 10_000}
            schema = {"type": "object", "required": ["answer"], "properties": {"answer": answer}}
            form = {"kind": "fields", "schema": schema, "initial": {}}
        return Suspend(
            AskHuman(
                question="DECISION" if params.choices else "INPUT",
                title=arguments["question"],
                message=arguments.get("details", ""),
                data={"agent": ctx.place.node_name} if ctx.place.node_name else None,
                outcomes=outcomes,
                deadline=ctx.now + timedelta(seconds=params.timeout_seconds),
                form=form,
                people={"is_named": bool(params.people), "assignees": params.people, "policy": "any"},
            )
        )

    def answered(
        self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json], state: Json, answer: Json
    ) -> Done | Suspend:
        """Hand on what was answered. Raises `NodeError` when nobody did."""
        outcome = answer["outcome"]
        if outcome == "undeliverable":
            message = answer.get("message") or "Nobody could be asked."
            raise NodeError("hil.nobody_to_ask", message, answer.get("hint") or "Name people who exist.")
        if outcome == "timeout":
            raise NodeError("ai.nobody_answered", "Nobody answered in time.", "Go on without the answer.")
        by: Any = answer.get("answered_by")
        told: dict[str, Json] = {"answered_by": by.get("label") if isinstance(by, Mapping) else by}
        if params.choices:
            told["answer"] = outcome
        else:
            told["answer"] = (answer.get("data") or {}).get("answer") or answer.get("comment") or ""
        if answer.get("comment") and told["answer"] != answer["comment"]:
            told["comment"] = answer["comment"]
        return Done(told)
