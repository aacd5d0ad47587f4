"""Asking a person before a call is made: the question, and what the answer comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from apps.ai.agents.structured import misfits
from apps.core import jsonshape
from apps.nodes.contract import AskHuman, Context, Json, NodeError, Outcome

if TYPE_CHECKING:
    from apps.ai.agents.calls import Asker, Offered

APPROVED, REJECTED, TIMEOUT, UNDELIVERABLE = "approved", "rejected", "timeout", "undeliverable"
_LONGEST_WHY: Final = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said to a call. `told`: what the call's step keeps of it."""

    is_approved: bool
    arguments: Mapping[str, Json]
    told: dict[str, Json] = field(default_factory=dict)


def question(found: Offered, arguments: Mapping[str, Json], ctx: Context, *, asker: Asker) -> AskHuman:
    """Ask whether a call may be made, with its arguments in fields that can be changed."""
    schema = shown_schema(found.function.parameters, arguments)
    return AskHuman(
        question="CONFIRMATION",
        title=f"May {asker.name} use “{found.title}”?"[:300],
        message=asker.why[:_LONGEST_WHY],
        data={"agent": asker.name, "tool": found.tool.name, "function": found.title, "arguments": dict(arguments)},
        outcomes=(Outcome(APPROVED, "Approve", "primary"), Outcome(REJECTED, "Reject", "danger")),
        deadline=ctx.now + timedelta(seconds=asker.seconds),
        form={"kind": "fields", "schema": schema, "initial": dict(arguments), "is_answer": True} if schema else None,
        people=people(found.tool.params.approvers),
    )


def people(assignees: list[str]) -> dict[str, Any]:
    """Any one of these; everybody who may answer where nobody is named."""
    return {"is_named": bool(assignees), "assignees": assignees, "policy": "any", "negative": REJECTED}


def shown_schema(schema: Mapping[str, Json], arguments: Mapping[str, Json]) -> dict[str, Json] | None:
    """The function's schema with a field for every argument: what the schema does not name would not be seen.

    None where there is nothing to show. Of a schema that no form can be made of, a stranger's, each argument as it is.
    """
    try:
        jsonshape.check(dict(schema))
    except jsonshape.ShapeInvalid:
        schema = {}
    named = dict(schema.get("properties") or {})
    unnamed: dict[str, Json] = {name: {} for name in arguments if name not in named}
    if not named and not unnamed:
        return None
    return {**schema, "type": "object", "properties": named | unnamed}


def read(answer: Mapping[str, Json], arguments: Mapping[str, Json], found: Offered) -> Answer:
    """What the answer comes to. Raises `NodeError` when nobody could be asked, or what was changed does not fit."""
    outcome, by = answer.get("outcome"), _name(answer.get("answered_by"))
    if outcome == UNDELIVERABLE:
        raise NodeError(
            "hil.nobody_to_ask",
            answer.get("message") or f"Nobody could be asked whether “{found.title}” may be used.",
            answer.get("hint") or "Name people who exist in the tool's “Who agrees”.",
        )
    if outcome != APPROVED:
        return Answer(False, arguments, _refusal(outcome, by, answer.get("comment")))
    changed = answer.get("data")
    if not isinstance(changed, Mapping) or jsonshape.is_same(dict(changed), dict(arguments)):
        return Answer(True, arguments, {"approved_by": by})
    faults = misfits(changed, found.function.parameters)
    if faults:
        raise NodeError(
            "ai.arguments_unfit",
            f"What {by} made of the arguments of “{found.title}” does not fit: {'; '.join(faults)}",
            "Run it again, and keep to the fields of the form.",
        )
    return Answer(True, dict(changed), {"approved_by": by, "edited": True})


def _refusal(outcome: Json, by: str, comment: Json) -> dict[str, Json]:
    if outcome == TIMEOUT:
        message = "Nobody agreed to this call in time, so it was not made."
    else:
        message = f"{by} did not agree to this call, so it was not made."
        message += f" Their reason: {comment}" if comment else ""
    error = {"code": "ai.call_refused", "message": message, "hint": "Do not try it again; go on without it."}
    return {"error": error, "refused": True}


def _name(answered_by: Json) -> str:
    label = answered_by.get("label") if isinstance(answered_by, Mapping) else answered_by
    return str(label) if label else "Somebody"
