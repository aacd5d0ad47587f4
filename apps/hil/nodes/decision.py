"""One of several ways, chosen by people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from apps.hil.nodes.asking import TIMEOUT, UNDECIDED, UNDELIVERABLE, AnswerOutput, Asking, Question
from apps.nodes.contract import Context, Example, Json, NodeParams, Outcome, Result, asked

ANSWERED = "answered"
_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,49}$"
_TAKEN = {TIMEOUT, UNDELIVERABLE, UNDECIDED, "error"}


class Option(NodeParams):
    """One thing that can be chosen."""

    name: Annotated[str, Field(pattern=_NAME)]
    """The port, and what the API takes: letters, digits, `_` and `-`."""
    label: Annotated[str, Field(max_length=80)] = ""
    """What stands on the button; empty: the name."""
    help: Annotated[str, Field(max_length=300)] = ""
    """What it means, for who chooses."""


class Decision(Asking):
    """Let people choose between options, and go the way they choose.

    With one choice every option is a port. With several the choices leave by `answered`, as a list. Where several
    people choose, an option wins when as many as are needed chose it; when all have chosen and none did, the one with
    the most votes; without a winner the run goes on by `undecided`. Of several choices those count that more than half
    of the people made, within “at least” and “at most”: beyond them, those with the most votes.
    """

    subtype, icon, name = "DECISION", "list-filter", "Decision"
    summary = "{title}"
    keywords = ("choose", "choice", "option", "select", "vote", "poll", "person", "human", "ask")
    ports = (TIMEOUT,)

    class Params(Question):
        options: Annotated[list[Option], Field(min_length=2, max_length=25)]
        """What can be chosen, in the order of the buttons."""
        choose: Annotated[Literal["one", "several"], asked(words={"one": "One", "several": "Several"})] = "one"
        """How many can be chosen."""
        least: Annotated[int, Field(ge=0, le=25), asked("At least", when={"choose": ["several"]})] = 1
        """How many must be chosen."""
        most: Annotated[int | None, Field(ge=1, le=25), asked("At most", when={"choose": ["several"]})] = None
        """How many may be chosen; empty: all."""
        default: Annotated[list[str], Field(max_length=25), asked("Without asking")] = []
        """The options that count where nobody is asked (`condition`), or nobody answers (`on_timeout`)."""
        on_timeout: Annotated[
            Literal["timeout", "fail", "default"],
            asked(
                "If nobody answers",
                group="Deadline",
                words={"timeout": "Go on by “timeout”", "fail": "Fail", "default": "Take the default"},
            ),
        ] = "timeout"
        """What becomes of a question nobody has answered by its deadline."""

        @model_validator(mode="after")
        def _fits(self) -> Self:
            names = [option.name for option in self.options]
            if len(set(names)) < len(names):
                raise ValueError("Two options have the same name.")
            if _TAKEN & set(names):
                raise ValueError(
                    f"An option cannot be called {', '.join(sorted(_TAKEN & set(names)))}: the node uses it."
                )
            unknown = [name for name in self.default if name not in names]
            if unknown:
                raise ValueError(f"The default “{unknown[0][:50]}” is no option: there are {', '.join(names)}.")
            if self.on_timeout == "default" and not self.default:
                raise ValueError("Name the default that counts when nobody answers.")
            if "condition" in self.model_fields_set and self.condition is not True and not self.default:
                raise ValueError("Name the default that counts where nobody is asked.")
            if self.choose == "one" and len(self.default) > 1:
                raise ValueError("Only one can be chosen, so the default is one.")
            top = len(names) if self.most is None else self.most
            if self.choose == "several" and not self.least <= top <= len(names):
                raise ValueError("At least, at most and the number of options do not fit together.")
            if self.choose == "several" and self.default and not self.least <= len(set(self.default)) <= top:
                raise ValueError("The default has too few or too many options.")
            return self

        @property
        def top(self) -> int:
            """How many may be chosen."""
            return len(self.options) if self.most is None else self.most

    class Output(AnswerOutput):
        """`outcome` is the option's name, or `answered` with the chosen names in `data`."""

    examples = (
        Example(
            "Which supplier?",
            params={
                "title": "Which supplier for {{ $json.part }}?",
                "options": [{"name": "nordic", "label": "Nordic Oak"}, {"name": "baltic", "label": "Baltic Wood"}],
            },
            input={"part": "oak panels"},
            answers=(
                {
                    "outcome": "baltic",
                    "comment": "Cheaper.",
                    "data": None,
                    "answered_by": {"label": "Alice"},
                    "answered_at": "2026-11-20T09:30:00+00:00",
                },
            ),
            returns={
                "outcome": "baltic",
                "comment": "Cheaper.",
                "data": None,
                "answered_by": {"label": "Alice"},
                "answered_at": "2026-11-20T09:30:00+00:00",
                "decided_by": "person",
                "votes": [],
            },
            port="baltic",
        ),
        Example(
            "Which channels, two at most; small news goes by mail without asking",
            params={
                "title": "Where do we announce it?",
                "options": [{"name": "mail"}, {"name": "blog"}, {"name": "chat"}],
                "choose": "several",
                "most": 2,
                "condition": "{{ $json.is_big }}",
                "default": ["mail"],
            },
            input={"is_big": False},
            returns={
                "outcome": "answered",
                "comment": None,
                "data": ["mail"],
                "answered_by": {"label": "condition is false.", "kind": "rule", "via": "rule"},
                "answered_at": "2026-11-20T09:00:00+00:00",
                "decided_by": "rule",
                "votes": [],
            },
            port=ANSWERED,
        ),
    )

    @classmethod
    def ports_of(cls, params: Mapping[str, Json]) -> tuple[str, ...]:
        """One per option (or `answered`), `undecided` where several decide, then those for no answer."""
        options, who = params.get("options"), params.get("who")
        listed = options if isinstance(options, list) else []
        named = [option.get("name") for option in listed if isinstance(option, Mapping)]
        names = (
            [name for name in named if isinstance(name, str) and name]
            if params.get("choose") != "several"
            else [ANSWERED]
        )
        policy = who.get("policy", "any") if isinstance(who, Mapping) else "any"
        several = (UNDECIDED,) if policy != "any" and params.get("choose") != "several" else ()
        return (*dict.fromkeys(names), *several, *cls.ends_of(params, on_timeout=params.get("on_timeout")))

    def run(self, params: Params, ctx: Context) -> Result:
        """Put the question, unless `condition` is false."""
        is_one = params.choose == "one"
        if not params.condition:
            outcome = params.default[0] if is_one else ANSWERED
            return self.unasked(
                params, ctx, outcome=outcome, why="condition is false.", data=None if is_one else params.default
            )
        options = [
            {"name": option.name, "label": option.label or option.name, "help": option.help}
            for option in params.options
        ]
        silence = (params.default[0] if is_one else ANSWERED) if params.on_timeout == "default" else TIMEOUT
        if is_one:
            return self.ask(
                params,
                ctx,
                question="DECISION",
                outcomes=tuple(Outcome(option["name"], option["label"]) for option in options),
                by_outcome=True,
                deadline_outcome=silence,
            )
        form = {"kind": "options", "options": options, "least": params.least, "most": params.top}
        return self.ask(
            params,
            ctx,
            question="DECISION",
            outcomes=(Outcome(ANSWERED, "Choose", "primary"),),
            form=form,
            deadline_outcome=silence,
        )

    def resume(self, params: Params, ctx: Context, state: Json, answer: Json) -> Result:
        """Leave by what was chosen."""
        if params.on_timeout != "default":
            return self.finished(params, answer, silence=params.on_timeout)
        if params.choose == "one":
            return self.finished(params, answer, silence=params.default[0])
        return self.finished(params, answer, silence=ANSWERED, silent_data=params.default)
