"""Data from people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from apps.core import jsonshape
from apps.hil.forms import checked
from apps.hil.nodes.asking import AnswerOutput, Asking, Question
from apps.nodes.contract import Context, Example, Expr, Json, NodeError, Outcome, Result, asked

ANSWERED = "answered"


def _usable(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        jsonshape.check(schema)
    except jsonshape.ShapeInvalid as wrong:
        raise ValueError(f"This is no JSON Schema: {wrong}") from None
    if not isinstance(schema.get("properties"), dict) or not schema["properties"]:
        raise ValueError("A form needs fields: give an object schema with properties.")
    return schema


class Input(Asking):
    """Ask a person to fill in a form, and go on with what they entered.

    The form is drawn from a JSON Schema, on the page, in mail and in chat, and begins with what `initial` gives. What
    is entered is checked against the schema; whoever fills it in is told, field by field, what is wrong.
    """

    subtype, icon, name = "INPUT", "square-pen", "Input"
    summary = "{title}"
    keywords = ("form", "data", "fill in", "person", "human", "ask", "fields", "json schema")
    ports = (ANSWERED, "timeout")

    class Params(Question):
        form: Annotated[dict[str, Any], AfterValidator(_usable), asked("Form (JSON Schema)")]
        """The fields as a JSON Schema of an object, taken as written: `title` and `description` become the label and
        help of a field, `enum` a choice, `format` a date or an address; `x-order` lists the names in their order."""
        initial: Annotated[Expr[dict[str, Any]], asked("Filled in beforehand")] = Field(default_factory=dict)
        """Values the fields begin with, by name."""
        submit_label: Annotated[str, Field(min_length=1, max_length=40), asked("Button", group="Rules")] = "Send"
        """What stands on the button."""
        on_timeout: Annotated[
            Literal["timeout", "fail", "default"],
            asked(
                "If nobody answers",
                group="Deadline",
                words={"timeout": "Go on by “timeout”", "fail": "Fail", "default": "Take a default answer"},
            ),
        ] = "timeout"
        """What becomes of a question nobody has answered by its deadline."""
        default_answer: Annotated[
            Expr[dict[str, Any]] | None, asked(group="Deadline", when={"on_timeout": ["default"]})
        ] = None
        """The data that counts then; empty: what the fields began with."""

        @model_validator(mode="after")
        def _fits(self) -> Self:
            if self.default_answer is not None and self.on_timeout != "default":
                raise ValueError("A default answer belongs to on_timeout: default.")
            return self

    class Output(AnswerOutput):
        """`outcome` is `answered`, `timeout` or `undeliverable`; `data` holds the fields."""

    examples = (
        Example(
            "A VAT number for a new customer",
            params={
                "title": "VAT number of {{ $json.name }}?",
                "form": {
                    "type": "object",
                    "required": ["vat"],
                    "properties": {
                        "vat": {"type": "string", "title": "VAT number", "pattern": "^[A-Z]{2}[0-9A-Z]+$"},
                        "country": {"enum": ["SE", "DE", "FR"]},
                    },
                },
                "initial": {"country": "{{ $json.country }}"},
            },
            input={"name": "Petit Atelier", "country": "FR"},
            answers=(
                {
                    "outcome": "answered",
                    "comment": None,
                    "data": {"vat": "FR12345678901", "country": "FR"},
                    "answered_by": {"label": "Alice"},
                    "answered_at": "2026-11-20T09:30:00+00:00",
                },
            ),
            returns={
                "outcome": "answered",
                "comment": None,
                "data": {"vat": "FR12345678901", "country": "FR"},
                "answered_by": {"label": "Alice"},
                "answered_at": "2026-11-20T09:30:00+00:00",
                "decided_by": "person",
                "votes": [],
            },
            port=ANSWERED,
        ),
    )

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """`answered`, then those for no answer that are wanted."""
        return (ANSWERED, *cls.ends_of(params, on_timeout=params.get("on_timeout")))

    def run(self, params: Params, ctx: Context) -> Result:
        """Put the question, unless `condition` is false: then what was filled in beforehand is the answer."""
        if not params.condition:
            self._must_fit(params, params.initial, "What is filled in beforehand")
            return self.unasked(params, ctx, outcome=ANSWERED, why="condition is false.", data=params.initial)
        if params.on_timeout == "default":
            self._must_fit(params, self._default(params), "The default answer")
        return self.ask(
            params,
            ctx,
            question="INPUT",
            outcomes=(Outcome(ANSWERED, params.submit_label, "primary"),),
            form={"kind": "fields", "schema": params.form, "initial": params.initial},
            deadline_outcome=ANSWERED if params.on_timeout == "default" else "timeout",
        )

    def _default(self, params: Params) -> dict[str, Any]:
        return params.initial if params.default_answer is None else params.default_answer

    def _must_fit(self, params: Params, data: Json, what: str) -> None:
        wrong = checked({"kind": "fields", "schema": params.form}, ANSWERED, data).errors
        if wrong:
            first = wrong[0]
            raise NodeError(
                "hil.default_invalid",
                f"{what} does not fit the form: {first.path.removeprefix('data.')}: {first.message}",
                "Give a value for every field that is needed.",
            )

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Leave with the data."""
        if params.on_timeout == "default":
            return self.finished(params, answer, silence=ANSWERED, silent_data=self._default(params))
        return self.finished(params, answer, silence=params.on_timeout)
