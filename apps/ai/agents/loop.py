"""One run of an agent, from what it remembers to what it will remember.

Everything that costs or changes something is a step. After a crash, a wait or a retry the run begins again here, from
the top: the steps that were done give back their results, so the conversation is the same, and goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.ai.agents import allowance, calls, structured, turns
from apps.ai.agents.calls import Asker, Offered
from apps.ai.agents.limits import Limits, Meter
from apps.nodes.contract import (
    Attached,
    ChatRequest,
    Context,
    Done,
    Json,
    Media,
    Memory,
    Message,
    ModelRef,
    NodeError,
    Part,
    Sampling,
    Suspend,
    Text,
    Tool,
)

_LONGEST_TURN = 300.0
_LAST_TURN = "This is your last turn, and no tool can be called any more: give your answer now, with what you know."


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent is to do, and how. `chain` gives the models to ask, best first; it may ask others."""

    name: str
    chain: Callable[[], tuple[ModelRef, ...]]
    prompt: str
    system: str = ""
    media: tuple[Media, ...] = ()
    schema: dict[str, Json] | None = None
    repairs: int = 2
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)
    on_limit: Literal["fail", "answer"] = "fail"
    choice: str = "auto"
    is_parallel: bool = True
    approval_seconds: float = 86_400.0
    keeps_trace: bool = False


def resumed(task: Task, ctx: Context, state: Mapping[str, Json], answer: Json) -> Done | Suspend:
    """Go on with the answer to what was waited for. It is kept as a step, so that whatever happens it counts once."""
    if answer is None and state["kind"] in ("human", "approval"):
        answer = {"outcome": "timeout"}
    kept = {"state": state["state"], "answer": answer} if "state" in state else answer
    ctx.step(state["key"], lambda _: kept)
    return run(task, ctx)


def run(task: Task, ctx: Context) -> Done | Suspend:
    """Work until there is an answer, or something to wait for.

    Raises `NodeError`: what `Models.chat` raises, `ai.limit_turns`, `ai.limit_seconds`, `ai.limit_tokens`,
    `ai.limit_money`, `ai.going_in_circles`, `ai.refused`, `ai.answer_empty`, `ai.answer_unfit`, `ai.answer_cut`, what
    memories raise, and the unknown outcome of a call that writes.
    """
    return _Run.begun(task, ctx).whole()


@dataclass(slots=True)
class _Run:
    task: Task
    ctx: Context
    meter: Meter
    known: dict[str, Offered]
    messages: list[Message]
    begins: int
    """Where in the messages this run begins: before it stands what is remembered."""
    repairs: int = 0
    models: dict[str, None] = field(default_factory=dict)

    @classmethod
    def begun(cls, task: Task, ctx: Context) -> _Run:
        """With everything that is there before the first turn."""
        remembered: list[Message] = []
        for each in _of(ctx.attached, Memory):
            remembered += _remembered(ctx, each, task.prompt)
        known = calls.offered(ctx, _of(ctx.attached, Tool))
        rules = [task.system.strip()]
        rules += [calls.DATA_RULE] if known or remembered else []
        rules += [structured.instruction(task.schema)] if task.schema is not None else []
        system = [Message.of("system", text)] if (text := "\n\n".join(each for each in rules if each)) else []
        parts: tuple[Part, ...] = (Text(text=task.prompt), *task.media)
        messages = [*system, *remembered, Message(role="user", parts=parts)]
        return cls(task, ctx, Meter(task.limits), known, messages, len(messages) - 1)

    def whole(self) -> Done | Suspend:
        """Turn after turn, until the model calls no more tools."""
        while not (limit := self.meter.reached):
            key = f"turn:{self._number}"
            self.ctx.progress(self._number, self.task.limits.turns, f"Turn {self._number}")
            waits = self._allowed(key)
            try:
                kept = turns.taken(self.ctx, key, self._request)
            except NodeError as refused:
                if not allowance.asks(refused):
                    raise
                asked = allowance.question(refused, self.ctx, name=self.task.name, seconds=self.task.approval_seconds)
                state = allowance.kept(refused)
                return Suspend(asked, {"key": f"{key}/budget:{waits}", "kind": "human", "state": state})
            if kept.get("trimmed"):
                self.messages = turns.shortened(self.messages)[0]
            self.meter.turn(kept)
            self.models[kept["model"]] = None
            said = Message.model_validate(kept["message"])
            self.messages.append(said)
            if said.calls:
                waiting = self._called(key, said)
                if waiting is not None:
                    return waiting
            elif (done := self._answered(said, kept["finish"])) is not None:
                return done
        return self._ended_by(limit)

    def _allowed(self, key: str) -> int:
        """Act upon what people said to budgets that refused this turn; how often they were asked."""
        times, place = 0, self.ctx.place
        while self.ctx.is_done(step := f"{key}/budget:{times}"):
            said = self.ctx.step(step, calls.is_there)
            if not self.ctx.is_done(key):
                once = f"{place.execution_id}/{place.node_id}/{place.path}/{step}"
                allowance.settled(self.ctx, once, said["state"], said["answer"])
            times += 1
        return times

    @property
    def _number(self) -> int:
        return self.meter.turns + 1

    def _request(self) -> ChatRequest:
        task, is_last = self.task, self._is_last
        choice = "auto" if any(each.calls for each in self.messages[self.begins :]) else task.choice
        messages = [*self.messages, Message.of("user", _LAST_TURN)] if is_last and self._number > 1 else self.messages
        return ChatRequest(
            models=task.chain(),
            messages=tuple(messages),
            functions=tuple(each.function for each in self.known.values()),
            choice="none" if is_last else choice,
            is_parallel=task.is_parallel,
            result_schema=task.schema,
            sampling=task.sampling,
            timeout_seconds=min(_LONGEST_TURN, self.ctx.timeout_seconds),
        )

    @property
    def _is_last(self) -> bool:
        return bool(self.known) and self.task.on_limit == "answer" and self._number == self.task.limits.turns

    def _called(self, key: str, said: Message) -> Suspend | None:
        asker = Asker(self.task.name, self.task.approval_seconds, said.text)
        for at, call in enumerate(said.calls):
            kept = calls.made(self.ctx, f"{key}/tool:{at}", call, self.known, self.meter, asker)
            if isinstance(kept, Suspend):
                return kept
            self.meter.call(kept)
            self.messages.append(calls.told(call, kept))
        return None

    # ── The answer ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _answered(self, said: Message, finish: str) -> Done | None:
        """The end, if this is an answer; else the model is told what is wrong with it."""
        task, text = self.task, said.text
        if finish == "refused":
            raise NodeError(
                "ai.refused",
                f"The model declined to answer.{f' It said: {text[:500]}' if text else ''}",
                "Change the prompt, or take another model.",
            )
        if task.schema is None and text.strip():
            if finish == "length":
                self.ctx.log("The answer was cut off at the most tokens it may have.", level="warning")
            return self._done(text, None, finish=finish)
        found = structured.read(text, task.schema if task.schema is not None else {})
        if not found.faults:
            return self._done(text, found.value, finish=finish)
        if finish == "length":
            raise NodeError(
                "ai.answer_cut",
                "The answer was cut off at the most tokens it may have, so it cannot be used.",
                "Raise max_tokens, or ask for less.",
            )
        if self.repairs >= task.repairs:
            raise self._unfit(found.faults, text)
        self.repairs += 1
        self.messages.append(Message.of("user", structured.correction(found.faults)))
        return None

    def _unfit(self, faults: Sequence[str], text: str) -> NodeError:
        tried = f"{self.repairs} correction{'' if self.repairs == 1 else 's'}"
        if self.task.schema is None:
            return NodeError("ai.answer_empty", f"The model gave no answer, also after {tried}.", "Change the prompt.")
        return NodeError(
            "ai.answer_unfit",
            f"The answer does not keep to the schema, also after {tried}: {'; '.join(faults)}",
            "Make the schema simpler, describe its fields, or take another model.",
            details={"faults": list(faults), "text": text[:4_000]},
        )

    def _ended_by(self, limit: str) -> Done:
        """A limit is reached: fail, or answer with what there is."""
        refusal = self.meter.refusal(limit)
        said = [each for each in self.messages[self.begins :] if each.role == "assistant" and each.text.strip()]
        if self.task.on_limit == "fail" or not said:
            raise refusal
        text, value = said[-1].text, None
        if self.task.schema is not None:
            found = structured.read(text, self.task.schema)
            if found.faults:
                raise refusal
            value = found.value
        self.ctx.log(f"{refusal.message} It goes on with what it had.", level="warning")
        return self._done(text, value, finish="limit", limit=limit)

    def _done(self, text: str, value: Json, *, finish: str, limit: str | None = None) -> Done:
        ctx, meter, said = self.ctx, self.meter, self.messages[self.begins :]
        for each in _of(ctx.attached, Memory):
            _remember(ctx, each, said)
        for name in ("input", "output"):
            ctx.metric(f"{name} tokens", getattr(meter.usage, name))
        output: dict[str, Any] = {
            "text": text,
            "result": value,
            "model": next(reversed(self.models)),
            "usage": meter.usage.model_dump(),
            "cost": round(meter.cost, 8) if meter.is_cost_known else None,
            "turns": meter.turns,
            "repairs": self.repairs,
            "tools_used": list(meter.tools.values()),
            "finish": finish,
            "limit": limit,
        }
        if self.task.keeps_trace:
            output["messages"] = [each.model_dump(mode="json", exclude={"signed"}) for each in said]
        return Done(output)


# ── Memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of(attached: Sequence[Attached], kind: type) -> list[Attached]:
    return [each for each in attached if isinstance(each.node, kind)]


def _remembered(ctx: Context, memory: Attached, prompt: str) -> list[Message]:
    node, key = memory.node, f"memory:{memory.id}"
    assert isinstance(node, Memory)

    def load(own: str) -> Json:
        found = node.load(memory.params, ctx.within(key, own), prompt)
        return {"name": memory.name, "messages": [each.model_dump(mode="json") for each in found]}

    found = [Message.model_validate(each) for each in ctx.step(key, load)["messages"]]
    # What others wrote must not become a rule because somebody remembered it.
    return [
        Message.of("user", calls.as_data(memory.name, each.text)) if each.role == "system" else each for each in found
    ]


def _remember(ctx: Context, memory: Attached, said: Sequence[Message]) -> None:
    node, key = memory.node, f"remember:{memory.id}"
    assert isinstance(node, Memory)

    def save(own: str) -> None:
        node.save(memory.params, ctx.within(key, own), said)

    ctx.step(key, save)
