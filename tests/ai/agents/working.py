"""An agent without an engine: its model says what a test wants, its tools are functions, its steps stand in a dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.ai.agents import loop
from apps.ai.agents.loop import Task
from apps.nodes.contract import (
    Attached,
    Context,
    Done,
    Effect,
    Function,
    Json,
    Memory,
    Message,
    ModelRef,
    NodeError,
    Offer,
    Suspend,
    Tool,
    ToolParams,
)
from tests.nodes.running import FakeContext, FakeModels

ANY = {"type": "object"}


@dataclass
class Does:
    """A function a model may call: what it does, and what it was called with."""

    name: str
    work: Callable[..., Json | Suspend] = lambda **given: "done"
    schema: dict[str, Json] = field(default_factory=lambda: dict(ANY))
    effect: Effect = Effect.READ
    approval: Any = "writes"
    after: Callable[[Json, Json], Json | Suspend] = lambda state, answer: answer
    seen: list[dict[str, Json]] = field(default_factory=list)


class FakeTool(Tool):
    """A tool of functions."""

    def __init__(self, *does: Does) -> None:
        self.does = {each.name: each for each in does}

    def offers(self, params: ToolParams, ctx: Context) -> Sequence[Offer]:
        return [
            Offer(
                Function(name=each.name, description="It does it.", parameters=each.schema),
                each.effect,
                needs_approval=ToolParams(approval=each.approval).needs_approval(each.effect),
                title=each.name.capitalize(),
            )
            for each in self.does.values()
        ]

    def call(self, params: ToolParams, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done | Suspend:
        does = self.does[name]
        does.seen.append(dict(arguments))
        found = does.work(**arguments)
        return found if isinstance(found, Suspend) else Done(found)

    def answered(
        self, params: ToolParams, ctx: Context, name: str, arguments: Mapping[str, Json], state: Json, answer: Json
    ) -> Done | Suspend:
        found = self.does[name].after(state, answer)
        return found if isinstance(found, Suspend) else Done(found)


class FakeMemory(Memory):
    """What is remembered, and what was said."""

    def __init__(self, *remembered: Message) -> None:
        self.remembered, self.said = remembered, list[list[Message]]()

    def load(self, params: Any, ctx: Context, text: str) -> Sequence[Message]:
        return self.remembered

    def save(self, params: Any, ctx: Context, said: Sequence[Message]) -> None:
        self.said.append(list(said))


class Agent:
    """One run of an agent. `says` are the model's answers, see `FakeModels`; more can be added."""

    def __init__(self, *says: Any, does: Sequence[Does] = (), memory: FakeMemory | None = None, **task: Any) -> None:
        self.models = FakeModels(list(says))
        self.does = {each.name: each for each in does}
        chain = (ModelRef(provider="openai", model="gpt-5-mini"),)
        given: dict[str, Any] = {"name": "Desk", "chain": lambda: chain, "prompt": "Help."}
        self.task = Task(**given | task)
        attached = [Attached("tools", "Shop", FakeTool(*does), ToolParams(approvers=[]))] if does else []
        attached += [Attached("memory", "Notes", memory, None)] if memory else []
        self.ctx = FakeContext(models=self.models, attached=tuple(attached))

    def run(self) -> Done | Suspend:
        """What it answers."""
        return loop.run(self.task, self.ctx)

    def answer(self, waiting: Suspend, answer: Json) -> Done | Suspend:
        """Go on with the answer to a wait."""
        return loop.resumed(self.task, self.ctx, waiting.state, answer)

    def output(self) -> dict[str, Any]:
        """What it gives when nothing is waited for."""
        done = self.run()
        assert isinstance(done, Done), done
        return dict(done.output)

    def error(self) -> NodeError:
        """How it fails."""
        try:
            found = self.run()
        except NodeError as failed:
            return failed
        raise AssertionError(f"it answered {found}")

    def told(self, at: int = -1) -> str:
        """The last text the model was shown when it was asked for this turn."""
        return self.models.asked[at].messages[-1].text

    def limited(self, **limits: Any) -> Agent:
        """The same within these limits."""
        self.task = replace(self.task, limits=replace(self.task.limits, **limits))
        return self


def calls(*named: str | dict[str, Any], text: str = "") -> dict[str, Any]:
    """An answer that calls tools: `"name"`, or `{"name", "arguments"}`."""
    return {"text": text, "calls": [{"name": each} if isinstance(each, str) else each for each in named]}


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """A call with arguments."""
    return {"name": name, "arguments": arguments}
