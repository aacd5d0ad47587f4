"""Yes or no, from people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from apps.hil.nodes.asking import AnswerOutput, Asking, Question
from apps.nodes.contract import Context, Example, Json, Outcome, Result, asked
from apps.nodes.params import Condition

_SILENCE = {"timeout": "timeout", "fail": "timeout", "approve": "approved", "reject": "rejected"}


class Confirmation(Asking):
    """Ask people to approve or reject, and go on with the answer.

    The question waits in the inbox and behind one-time links. The execution holds nothing meanwhile. What nobody has
    answered by the deadline leaves by `timeout`, or as `on_timeout` says. With several people the answer is there when
    so many have agreed, or enough have rejected.
    """

    subtype, icon, name = "CONFIRMATION", "user-check", "Confirmation"
    summary = "{title}"
    keywords = ("approve", "approval", "reject", "person", "human", "ask", "manager", "four eyes")
    ports = ("approved", "rejected", "timeout")
    negative: ClassVar[str] = "rejected"

    class Params(Question):
        auto_approve_when: Annotated[Condition, asked("Approve without asking if")] = False
        """Where this is true nobody is asked, and it counts as approved."""
        approve_label: Annotated[str, Field(min_length=1, max_length=40), asked("Button to approve", group="Rules")] = (
            "Approve"
        )
        """What stands on the button."""
        reject_label: Annotated[str, Field(min_length=1, max_length=40), asked("Button to reject", group="Rules")] = (
            "Reject"
        )
        """What stands on the button."""
        comment: Annotated[
            Literal["optional", "to_reject", "always"],
            asked(
                "Comment",
                group="Rules",
                words={"optional": "Optional", "to_reject": "Needed to reject", "always": "Needed"},
            ),
        ] = "optional"
        """Whether a comment is needed."""
        can_bulk: Annotated[bool, asked("Several at once in the inbox", group="Rules")] = False
        """Whether this question can be approved together with others, without opening it."""
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
        """`outcome` is `approved`, `rejected`, `timeout` or `undeliverable`."""

    examples = (
        Example(
            "Ship a large order?",
            params={"title": "Ship order {{ $json.order }} for {{ $json.total }}?", "timeout_seconds": 3600},
            input={"order": "A-1", "total": 1200},
            answers=(
                {
                    "outcome": "approved",
                    "comment": "Good customer.",
                    "data": None,
                    "answered_by": {"label": "Alice"},
                    "answered_at": "2026-11-20T09:30:00+00:00",
                    "votes": [{"by": "Alice", "outcome": "approved"}],
                },
            ),
            returns={
                "outcome": "approved",
                "comment": "Good customer.",
                "data": None,
                "answered_by": {"label": "Alice"},
                "answered_at": "2026-11-20T09:30:00+00:00",
                "decided_by": "person",
                "votes": [{"by": "Alice", "outcome": "approved"}],
            },
            port="approved",
        ),
        Example(
            "Two of the three in Finance, and nobody for their own run",
            params={
                "title": "Pay {{ $json.amount }} to {{ $json.to }}?",
                "auto_approve_when": "{{ $json.amount < 100 }}",
                "who": {
                    "assignees": "mara@example.com, jonas@example.com, aiko@example.com",
                    "policy": "at_least",
                    "approvals": 2,
                    "may_approve_own_run": False,
                },
                "comment": "to_reject",
                "reminders": [50, 90],
            },
            input={"amount": 12, "to": "Atelier Nord"},
            returns={
                "outcome": "approved",
                "comment": None,
                "data": None,
                "answered_by": {"label": "auto_approve_when is true.", "kind": "rule", "via": "rule"},
                "answered_at": "2026-11-20T09:00:00+00:00",
                "decided_by": "rule",
                "votes": [],
            },
            port="approved",
        ),
    )

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """A port per answer, then those for no answer that are wanted."""
        return ("approved", "rejected", *cls.ends_of(params, on_timeout=params.get("on_timeout")))

    def run(self, params: Params, ctx: Context) -> Result:
        """Put the question, unless a rule answers it."""
        if not params.condition:
            return self.unasked(params, ctx, outcome="approved", why="condition is false.")
        if params.auto_approve_when:
            return self.unasked(params, ctx, outcome="approved", why="auto_approve_when is true.")
        needs = {"optional": [], "to_reject": ["rejected"], "always": ["approved", "rejected"]}[params.comment]
        return self.ask(
            params,
            ctx,
            question="CONFIRMATION",
            outcomes=(
                Outcome("approved", params.approve_label, "primary"),
                Outcome("rejected", params.reject_label, "danger"),
            ),
            deadline_outcome=_SILENCE[params.on_timeout],
            rules={"needs_comment": needs, "can_bulk": params.can_bulk},
        )

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Leave by the outcome."""
        silence = "fail" if params.on_timeout == "fail" else _SILENCE[params.on_timeout]
        return self.finished(params, answer, silence=silence)
