"""Something made by a machine, looked at by people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.hil.nodes.asking import AnswerOutput, Asking, Question
from apps.nodes.contract import Context, Example, Expr, Json, NodeParams, Outcome, Result, asked
from apps.nodes.params import Condition

_SILENCE = {"timeout": "timeout", "fail": "timeout", "approve": "approved", "reject": "rejected"}


class Score(NodeParams):
    """Something that is rated."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,49}$")]
    """Its name in the output."""
    label: Annotated[str, Field(max_length=80)] = ""
    """What people read; empty: the name."""
    most: Annotated[int, Field(ge=2, le=10)] = 5
    """The best mark; the worst is 1."""


class Review(Asking):
    """Show people a text or data, let them correct and rate it, and go on with what they made of it.

    What was approved unchanged leaves by `approved`, what was changed by `edited`, both with the content in
    `data.content`; what was turned down leaves by `rejected`, with the reason in `comment`.
    """

    subtype, icon, name = "REVIEW", "eye", "Review"
    summary = "{title}"
    keywords = ("edit", "correct", "proofread", "feedback", "score", "rate", "person", "human", "draft")
    ports = ("approved", "edited", "rejected", "timeout")
    negative: ClassVar[str] = "rejected"
    stronger: ClassVar[str] = "edited"

    class Params(Question):
        content: Annotated[Expr[Any], asked("What is reviewed")]
        """The text or data to look at."""
        is_editable: Annotated[bool, asked("Can be changed")] = True
        """Whether it can be changed."""
        scores: Annotated[list[Score], Field(max_length=10)] = []
        """What is rated."""
        auto_approve_when: Annotated[Condition, asked("Approve without asking if")] = False
        """Where this is true nobody is asked, and it counts as approved."""
        comment: Annotated[
            Literal["optional", "to_reject", "always"],
            asked(
                "Comment",
                group="Rules",
                words={"optional": "Optional", "to_reject": "Needed to reject", "always": "Needed"},
            ),
        ] = "to_reject"
        """Whether a comment is needed."""
        on_timeout: Annotated[
            Literal["timeout", "fail", "approve", "reject"],
            asked(
                "If nobody answers",
                group="Deadline",
                words={"timeout": "Go on by “timeout”", "fail": "Fail", "approve": "Approve", "reject": "Reject"},
            ),
        ] = "timeout"
        """What becomes of a question nobody has answered by its deadline."""

    class Output(AnswerOutput):
        """`outcome` is `approved`, `edited`, `rejected`, `timeout` or `undeliverable`; `data`: `content`, `scores`."""

    examples = (
        Example(
            "Release notes before they are published",
            params={"title": "Publish release notes {{ $json.version }}?", "content": "{{ $json.notes }}"},
            input={"version": "4.2", "notes": "Faster imports."},
            answers=(
                {
                    "outcome": "edited",
                    "comment": None,
                    "data": {"content": "Imports are twice as fast."},
                    "answered_by": {"label": "Alice"},
                    "answered_at": "2026-11-20T09:30:00+00:00",
                },
            ),
            returns={
                "outcome": "edited",
                "comment": None,
                "data": {"content": "Imports are twice as fast."},
                "answered_by": {"label": "Alice"},
                "answered_at": "2026-11-20T09:30:00+00:00",
                "decided_by": "person",
                "votes": [],
            },
            port="edited",
        ),
    )

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """A port per answer, then those for no answer that are wanted."""
        answers = ("approved", "rejected") if params.get("is_editable") is False else ("approved", "edited", "rejected")
        return (*answers, *cls.ends_of(params, on_timeout=params.get("on_timeout")))

    def run(self, params: Params, ctx: Context) -> Result:
        """Put the question, unless a rule answers it."""
        kept = {"content": params.content}
        if not params.condition:
            return self.unasked(params, ctx, outcome="approved", why="condition is false.", data=kept)
        if params.auto_approve_when:
            return self.unasked(params, ctx, outcome="approved", why="auto_approve_when is true.", data=kept)
        answers = ["approved", "edited", "rejected"] if params.is_editable else ["approved", "rejected"]
        buttons = {
            "approved": Outcome("approved", "Approve", "primary"),
            "edited": Outcome("edited", "Approve with changes"),
            "rejected": Outcome("rejected", "Reject", "danger"),
        }
        return self.ask(
            params,
            ctx,
            question="REVIEW",
            outcomes=tuple(buttons[name] for name in answers),
            form={
                "kind": "content",
                "content": params.content,
                "is_editable": params.is_editable,
                "scores": [
                    {"name": score.name, "label": score.label or score.name, "most": score.most}
                    for score in params.scores
                ],
            },
            deadline_outcome=_SILENCE[params.on_timeout],
            rules={
                "needs_comment": {"optional": [], "to_reject": ["rejected"], "always": answers}[params.comment],
            },
        )

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Leave with the content."""
        silence = "fail" if params.on_timeout == "fail" else _SILENCE[params.on_timeout]
        return self.finished(params, answer, silence=silence, silent_data={"content": params.content})
