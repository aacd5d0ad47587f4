"""What all questions have in common: who is asked, by when, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from apps.hil.channels import routes
from apps.hil.people import parse, parts
from apps.nodes.contract import (
    AskHuman,
    Context,
    Done,
    Expr,
    Json,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Outcome,
    Result,
    Suspend,
    asked,
)
from apps.nodes.params import Condition

TIMEOUT, UNDELIVERABLE, UNDECIDED = "timeout", "undeliverable", "undecided"
_WHO, _WHEN, _RULES = "Who is asked", "Deadline", "Rules"


def _known(assignees: list[str]) -> list[str]:
    for text in assignees:
        if "{{" not in text:
            parse(text)
    return assignees


Assignees = Annotated[
    list[Annotated[str, Field(max_length=300)]], BeforeValidator(parts), AfterValidator(_known), Field(max_length=100)
]


Channels = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    BeforeValidator(parts),
    AfterValidator(routes.checked),
    Field(max_length=10),
]


class Group(NodeParams):
    """People of whom some have to agree."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """What people read: Finance."""
    assignees: Annotated[Expr[Assignees], asked("People", widget="lines")]
    """Members by e-mail address or id, `role:admin`, other e-mail addresses, `slack:U012AB3CD`."""
    approvals: Annotated[int, Field(ge=1, le=100)] = 1
    """How many of them have to agree."""


class Who(NodeParams):
    """Who is asked, and how their answers count."""

    assignees: Annotated[
        Expr[Assignees], asked("People", widget="lines", when={"policy": ["any", "all", "at_least", "sequence"]})
    ] = []
    """Members by e-mail address or id, `role:admin`, other e-mail addresses, `slack:U012AB3CD`; a list, or one
    text with commas. Left out: everybody in the workspace who may answer."""
    policy: Annotated[
        Literal["any", "all", "at_least", "sequence", "groups"],
        asked(
            "Who decides",
            words={
                "any": "Any one",
                "all": "All of them",
                "at_least": "So many of them",
                "sequence": "One after the other",
                "groups": "Some of each group",
            },
        ),
    ] = "any"
    """Whose answers decide. “One after the other” asks in the order of the list."""
    approvals: Annotated[Expr[Annotated[int, Field(ge=1, le=100)]], asked(when={"policy": ["at_least"]})] = 2
    """How many have to agree."""
    groups: Annotated[list[Group], Field(max_length=10), asked(when={"policy": ["groups"]})] = []
    """Groups of people; of each some have to agree. Who is in two fills a place in one of them."""
    rejections: Annotated[
        Expr[Annotated[int, Field(ge=1, le=100)]] | None, asked(when={"policy": ["all", "at_least", "groups"]})
    ] = None
    """So many rejections decide at once. Empty: one; with “so many of them”, when agreement is out of reach."""
    may_approve_own_run: bool = True
    """Whether the person who started the run may answer, too."""
    may_delegate: bool = True
    """Whether who is asked may hand the question on to somebody else."""
    assurance: Annotated[
        Literal["link", "recipient", "signed_in", "role"],
        asked(
            "How sure it must be who answers",
            words={
                "link": "Anyone with the link",
                "recipient": "Known recipient",
                "signed_in": "Signed in",
                "role": "Signed in, and has the role still",
            },
        ),
    ] = "link"
    """What must be known of whoever answers."""
    if_nobody: Annotated[
        Literal["fail", "port"],
        asked("If nobody can be asked", words={"fail": "Fail", "port": "Go on by “undeliverable”"}),
    ] = "fail"
    """What happens when none of these people exists, too few do, or nobody can be reached."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.policy == "groups") != bool(self.groups):
            raise ValueError("Groups belong to the policy “groups”, and it needs some.")
        if self.policy in ("all", "sequence") and "assignees" not in self.model_fields_set:
            raise ValueError("Name the people: “all” and “one after the other” need to know who they are.")
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names):
            raise ValueError("Two groups have the same name.")
        return self


class Escalation(NodeParams):
    """Somebody else is asked, too, because time is running out."""

    at_percent: Annotated[int, Field(ge=1, le=99)] = 75
    """When: at this share of the time."""
    assignees: Annotated[Expr[Assignees], asked("People", widget="lines")] = []
    """Who is asked in addition; their answer counts in every group."""
    channels: Annotated[Expr[Channels], asked("Ask by", widget="lines")] = []
    """By what everybody who has not answered is asked once more, as in the node's `channels`: `slack`, `email`."""


class Question(NodeParams):
    """What every kind of question asks for."""

    title: Expr[Annotated[str, Field(min_length=1, max_length=300)]]
    """The question, in one line."""
    message: Annotated[Expr[Annotated[str, Field(max_length=20_000)]], asked(widget="lines")] = ""
    """What the person needs to know to decide."""
    data: Expr[Any] = None
    """Facts shown with the question."""
    priority: Literal["low", "normal", "high", "critical"] = "normal"
    """Where the question stands in the inbox."""
    condition: Annotated[Condition, asked("Ask only if")] = True
    """Where this is false nobody is asked, and the run goes on as if the answer had been yes."""
    who: Annotated[Who, asked(group=_WHO)] = Field(default_factory=Who)
    """Who is asked, and how their answers count."""
    channels: Annotated[Expr[Channels], asked("Also ask by", group=_WHO, widget="lines")] = []
    """Besides the inbox: `email`, `slack` (each person), `slack:#approvals` (a channel), `webhook`. Left out: by e-mail
    or in Slack only who is no member."""
    timeout_seconds: Annotated[
        Expr[Annotated[int, Field(ge=60, le=2_592_000)]], asked("Time to answer", group=_WHEN)
    ] = 86_400
    """How long there is to answer: one minute to 30 days."""
    business_hours: Annotated[bool, asked("Count working hours only", group=_WHEN)] = False
    """The time runs only while the workspace works (settings of the inbox)."""
    reminders: Annotated[
        list[Annotated[int, Field(ge=1, le=99)]], Field(max_length=10), asked("Remind at % of the time", group=_WHEN)
    ] = []
    """When those who have not answered are reminded, in percent of the time: 50 and 90."""
    escalations: Annotated[list[Escalation], Field(max_length=5), asked(group=_WHEN)] = []
    """Who is asked in addition when time is running out."""
    needs_button: Annotated[bool, asked("Only by button", group=_RULES)] = False
    """Whether an answer in words (a mail, a message) is refused: for what cannot be undone."""

    @property
    def length(self) -> timedelta:
        """How long there is to answer."""
        return timedelta(seconds=self.timeout_seconds)


class AnswerOutput(NodeOutput):
    """What became of the question."""

    outcome: str
    """Which answer it was; the same as the port, but for answers a deadline or a rule gave."""
    comment: str | None
    """What the person wrote."""
    data: Any
    """What the answer brought along."""
    answered_by: Any
    """Who answered last; empty when nobody did."""
    answered_at: str | None
    """When."""
    decided_by: str
    """`person`, `rule` (nobody was asked) or `deadline`."""
    votes: list[Any]
    """What everybody said: `by`, `outcome`, `comment`, `data`, `via`, `at`."""


class Asking(Node):
    """Base of the nodes that ask a person."""

    type: ClassVar[NodeType] = NodeType.HUMAN_IN_THE_LOOP
    negative: ClassVar[str] = ""  # the outcome that counts against
    stronger: ClassVar[str] = ""  # the outcome that stands when those who agree differ

    @classmethod
    def ends_of(cls, params: Mapping[str, Json], *, on_timeout: Json) -> tuple[str, ...]:
        """The ports besides the answers, for these stored parameters."""
        who = params.get("who")
        who = who if isinstance(who, Mapping) else {}
        ends = (TIMEOUT,) if on_timeout in (None, TIMEOUT) else ()
        return (*ends, UNDELIVERABLE) if who.get("if_nobody") == "port" else ends

    def ask(
        self,
        params: Any,
        ctx: Context,
        *,
        question: str,
        outcomes: tuple[Outcome, ...],
        form: Json = None,
        by_outcome: bool = False,
        deadline_outcome: str = TIMEOUT,
        rules: Mapping[str, Json] | None = None,
    ) -> Suspend:
        """Put the question."""
        who: Who = params.who
        is_own = params.business_hours  # the humans' app ends it: it knows the hours
        return Suspend(
            AskHuman(
                question=question,
                title=params.title,
                outcomes=outcomes,
                message=params.message,
                data=params.data,
                deadline=None if is_own else ctx.now + params.length,
                priority=params.priority,
                form=form,
                people={
                    "is_named": "assignees" in who.model_fields_set or who.policy == "groups",
                    "assignees": who.assignees,
                    "policy": who.policy,
                    "approvals": who.approvals,
                    "rejections": who.rejections,
                    "groups": [group.model_dump() for group in who.groups],
                    "bars_starter": not who.may_approve_own_run,
                    "can_delegate": who.may_delegate,
                    "assurance": who.assurance,
                    "negative": self.negative,
                    "stronger": self.stronger,
                    "by_outcome": by_outcome,
                },
                timing=self._timing(params),
                channels=params.channels,
                rules={"needs_button": params.needs_button, **(rules or {})},
                deadline_outcome=deadline_outcome,
            )
        )

    def _timing(self, params: Any) -> Json:
        if not (params.business_hours or params.reminders or params.escalations):
            return None
        return {
            "seconds": params.timeout_seconds,
            "business_hours": params.business_hours,
            "reminders": sorted(set(params.reminders)),
            "escalations": [
                {"at": step.at_percent, "assignees": step.assignees, "channels": step.channels or None}
                for step in sorted(params.escalations, key=lambda step: step.at_percent)
            ],
        }

    def unasked(self, params: Any, ctx: Context, *, outcome: str, why: str, data: Json = None) -> Result:
        """Go on without asking, and say so in the record."""
        ctx.log(f"Nobody was asked: {why} It counts as “{outcome}”.", data={"outcome": outcome})
        return Done(
            {
                "outcome": outcome,
                "comment": None,
                "data": data,
                "answered_by": {"label": why, "kind": "rule", "via": "rule"},
                "answered_at": ctx.now.isoformat(),
                "decided_by": "rule",
                "votes": [],
            },
            port=outcome,
        )

    def finished(self, params: Any, answer: Json, *, silence: str = TIMEOUT, silent_data: Json = None) -> Result:
        """Go on with the answer. `silence` is what no answer in time comes to: an outcome, or `fail`."""
        outcome = answer["outcome"]
        if outcome == UNDELIVERABLE and params.who.if_nobody == "fail":
            raise NodeError(
                "hil.nobody_to_ask",
                answer.get("message") or "Nobody could be asked.",
                answer.get("hint") or "Name people who exist, or let the run go on by “undeliverable”.",
            )
        is_silent = outcome == TIMEOUT
        if is_silent and silence == "fail":
            raise NodeError(
                "hil.nobody_answered",
                f"Nobody answered “{params.title}” in time.",
                "Give more time, remind people earlier, or let the run go on by “timeout”.",
            )
        outcome = silence if is_silent else outcome
        return Done(
            {
                "outcome": outcome,
                "comment": answer.get("comment"),
                "data": silent_data if is_silent else answer.get("data"),
                "answered_by": answer.get("answered_by"),
                "answered_at": answer.get("answered_at"),
                "decided_by": "deadline" if is_silent else "person",
                "votes": answer.get("votes") or [],
            },
            port=outcome,
        )
