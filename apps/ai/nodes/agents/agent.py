"""What all agents have in common: what they are asked, how they answer, and how much they may use."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from apps.ai.agents import loop
from apps.ai.agents.limits import Limits
from apps.ai.agents.loop import Task
from apps.core import jsonshape
from apps.nodes.contract import (
    Context,
    CredentialRef,
    Effect,
    Expr,
    Json,
    Media,
    ModelRef,
    Node,
    NodeError,
    NodeOutput,
    NodeParams,
    NodeType,
    Provider,
    Result,
    Retry,
    Sampling,
    asked,
    takes,
)

_ANSWER, _WRITING, _LIMITS, _TOOLS = "Answer", "How it writes", "Limits", "Tools"
_ADDRESS: Final = re.compile(r"https?://\S+")


def _words(value: Json) -> Json:
    """A prompt as text: what an expression gives may be any JSON."""
    if value is None or isinstance(value, str):
        return "" if value is None else value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _listed(value: Json) -> Json:
    """Files as a list: none, one, or several of them; each by its address, or by what stands for an artifact."""
    if value in (None, "", [], {}):
        return []
    found = value if isinstance(value, list) else [value]
    for each in found:
        is_file = isinstance(each, Mapping) and isinstance(each.get("id", each.get("url")), str)
        if not is_file and not (isinstance(each, str) and (_ADDRESS.fullmatch(each) or "{{" in each)):
            raise ValueError("Give addresses (https://…), or files as other nodes give them, with their id.")
    return found


def _usable(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is not None:
        try:
            jsonshape.check(schema)
        except jsonshape.ShapeInvalid as wrong:
            raise ValueError(f"This is no JSON Schema: {wrong}") from None
    return schema


Prompt = Annotated[str, BeforeValidator(_words), Field(max_length=1_000_000)]
Files = Annotated[list[Any], BeforeValidator(_listed), Field(max_length=50)]
ModelName = Annotated[str, Field(max_length=200)]


class Fallback(NodeParams):
    """A model that is asked when those before it cannot answer."""

    provider: Annotated[
        Provider,
        asked(words={"openai": "OpenAI", "anthropic": "Anthropic", "ollama": "Ollama", "custom": "Own address"}),
    ]
    """Whose model it is."""
    model: Annotated[Expr[Annotated[str, Field(min_length=1, max_length=200)]], asked(widget="model")]
    """As its provider calls it."""
    credential: Annotated[CredentialRef, takes("model")] | None = None
    """The key it is called with. Empty: the one the workspace uses for this provider."""


class LimitsParams(NodeParams):
    """How much one run of the agent may use. Waiting for people does not count."""

    turns: Annotated[int, Field(ge=1, le=500)] = 20
    """How often the model is asked at most."""
    seconds: Annotated[float | None, Field(gt=0, le=86_400)] = None
    """How long the model and the tools may work. Empty: as long as the node may run."""
    tokens: Annotated[int | None, Field(ge=1)] = None
    """How many tokens may be read and written, all turns together."""
    money: Annotated[float | None, Field(gt=0), asked("US dollars")] = None
    """What it may cost. Where the price of a model is not known, its calls do not count."""
    repeats: Annotated[int, Field(ge=1, le=50), asked("Same call at most")] = 3
    """How often the same tool may be called with the same arguments. Then the model is told to stop it, once."""
    on_limit: Annotated[
        Literal["fail", "answer"], asked("When a limit is reached", words={"fail": "Fail", "answer": "Answer"})
    ] = "fail"
    """Fail, or go on with what it has written so far; at the last turn it is then told to give its answer."""


class AgentParams(NodeParams):
    """What every agent can be told."""

    credential: CredentialRef | None = None
    """The key it is called with. Empty: the one the workspace uses for this provider."""
    model: Annotated[Expr[ModelName], asked(widget="model")] = ""
    """The model, as its provider calls it. Empty: the workspace's default model of this provider."""
    system_prompt: Annotated[Expr[Prompt], asked(widget="lines")] = ""
    """Who the agent is, what it is to do, and what it must not do."""
    prompt: Annotated[Expr[Prompt], asked(widget="lines")] = ""
    """What it is asked; anything but text becomes JSON. Empty: what comes in here."""
    images: Expr[Files] = []
    """Pictures it looks at: files of other nodes, or addresses."""
    files: Expr[Files] = []
    """Documents it reads: files of other nodes, or addresses."""
    fallbacks: Annotated[list[Fallback], Field(max_length=9), asked("If it cannot answer", group="Model")] = []
    """Models that are asked, one after the other, when this one is overloaded, refuses the key, or does not answer."""
    result_schema: Annotated[
        dict[str, Any] | None, AfterValidator(_usable), asked("Result (JSON Schema)", group=_ANSWER)
    ] = None
    """What the answer must look like. It stands in `result` then, checked. Empty: text."""
    repairs: Annotated[int, Field(ge=0, le=10), asked("Corrections", group=_ANSWER)] = 2
    """How often the model may correct an answer that does not keep to the schema, or is empty. Each is a turn."""
    keep_trace: Annotated[bool, asked("Give the conversation back", group=_ANSWER)] = False
    """Whether everything that was said in this run stands in `messages`."""
    temperature: Annotated[Expr[Annotated[float, Field(ge=0, le=2)]] | None, asked(group=_WRITING)] = None
    """How freely it chooses its words, 0 to 2. Empty: as the provider thinks best."""
    max_tokens: Annotated[
        Expr[Annotated[int, Field(ge=1)]] | None, asked("Tokens per answer at most", group=_WRITING)
    ] = None
    """How long one answer may be, in tokens."""
    top_p: Annotated[float | None, Field(gt=0, le=1), asked("Top p", group=_WRITING)] = None
    """Of how many likely words it chooses, as a share of all."""
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2), asked(group=_WRITING)] = None
    """How much it avoids words it has used often."""
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2), asked(group=_WRITING)] = None
    """How much it avoids words it has used at all."""
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=4)] = Field(
        default=[], json_schema_extra={"x-group": _WRITING, "x-widget": "lines"}
    )
    """Texts at which it stops."""
    reasoning_effort: Annotated[Literal["none", "low", "medium", "high"] | None, asked("Reasoning", group=_WRITING)] = (
        None
    )
    """How much it thinks before it answers, where it can."""
    tool_choice: Annotated[str, Field(max_length=64), asked("Which tool first", group=_TOOLS)] = "auto"
    """`auto`: as it likes; `none`; `required`: any; or the name of one. After the first call it is as it likes."""
    parallel_tools: Annotated[bool, asked("Several calls at once", group=_TOOLS)] = True
    """Whether it may ask for several calls in one turn."""
    approval_seconds: Annotated[int, Field(ge=60, le=2_592_000), asked("Time to agree to a call", group=_TOOLS)] = (
        86_400
    )
    """How long a person has to agree to a call that needs it. What nobody agreed to in time is not done."""
    limits: Annotated[LimitsParams, asked(group=_LIMITS)] = Field(default_factory=LimitsParams)
    """How much one run may use."""


class AgentOutput(NodeOutput):
    """What the agent answered, and what it took."""

    text: str
    """The answer in words."""
    result: Any
    """The answer as data, as the schema says; null without one."""
    model: str
    """The model that answered."""
    usage: dict[str, int]
    """Tokens: `input`, `output`; of these `cached`, `written`, `reasoning`."""
    cost: float | None
    """What it cost in US dollars; null where a price is not known."""
    turns: int
    """How often the model was asked."""
    repairs: int
    """How often it had to correct its answer."""
    tools_used: list[Any]
    """Each tool that was called: `name`, `title`, `calls`, `errors`."""
    finish: str
    """`stop`; `length` when the answer was cut off; `limit` when a limit of the agent was reached."""
    limit: str | None
    """Which limit: `turns`, `seconds`, `tokens` or `money`."""


class Agent(Node):
    """Base of AI_AGENT nodes: they differ in whom they ask."""

    type: ClassVar[NodeType] = NodeType.AI_AGENT
    icon: ClassVar[str] = "bot"
    summary: ClassVar[str] = "{prompt}"
    provider: ClassVar[Provider]
    retry: ClassVar[Retry] = Retry(attempts=3, delay_seconds=2.0)
    timeout_seconds: ClassVar[float] = 3_600.0

    @classmethod
    def output_of(cls, params: Mapping[str, Json]) -> Json:
        """With a schema its members stand in `result`."""
        schema = params.get("result_schema")
        if not isinstance(schema, Mapping):
            return None
        own = cls.Output.model_json_schema()
        return {**own, "properties": {**own["properties"], "result": schema}}

    @classmethod
    def borrows(cls, params: Mapping[str, Json]) -> str | None:
        """Its provider's key, where none is named; the workspace's choice, where no model is."""
        if not params.get("model"):
            return "workspace"
        return None if params.get("credential") else cls.provider

    def effect(self, params: Any) -> Effect:
        """It works in steps, each of which says for itself what it does."""
        return Effect.READ

    def chain(self, params: Any, ctx: Context) -> tuple[ModelRef, ...]:
        """The models to ask, best first. Raises `NodeError`."""
        own = params.credential.credential if params.credential else None
        if params.model:
            first = ModelRef(provider=self.provider_of(params), model=params.model, credential=own)
        else:
            first = self.default(params, ctx, own)
        return (first, *self.fallbacks(params))

    def fallbacks(self, params: Any) -> tuple[ModelRef, ...]:
        """The models that are asked when the first cannot answer."""
        return tuple(_ref(each) for each in params.fallbacks)

    def provider_of(self, params: Any) -> Provider:
        """Whose model is asked."""
        return self.provider

    def default(self, params: Any, ctx: Context, credential: Any) -> ModelRef:
        """The workspace's model of this provider. Raises `NodeError`."""
        provider = self.provider_of(params)
        found = next((each for each in ctx.models.default_chain() if each.provider == provider), None)
        if found is None:
            raise NodeError(
                "ai.no_model",
                f"The workspace has no default model of {self.name or provider}.",
                "Choose a model in the node, or a default under Settings, Models.",
                details={"link": "settings/models/"},
            )
        return found if credential is None else found.model_copy(update={"credential": credential})

    def task(self, params: Any, ctx: Context) -> Task:
        """What it is to do."""
        limits, prompt = params.limits, params.prompt or _words(ctx.json)
        if not prompt and not params.images and not params.files:
            raise NodeError("ai.no_prompt", "The agent was asked nothing.", "Write a prompt, or give it some input.")
        return Task(
            name=ctx.place.node_name or self.name,
            chain=lambda: self.chain(params, ctx),
            prompt=prompt,
            system=params.system_prompt,
            media=(*_media("image", params.images), *_media("file", params.files)),
            schema=params.result_schema,
            repairs=params.repairs,
            sampling=Sampling(
                temperature=params.temperature,
                max_tokens=params.max_tokens,
                top_p=params.top_p,
                frequency_penalty=params.frequency_penalty,
                presence_penalty=params.presence_penalty,
                stop=tuple(params.stop),
                reasoning=params.reasoning_effort,
            ),
            limits=Limits(limits.turns, limits.seconds, limits.tokens, limits.money, limits.repeats),
            on_limit=limits.on_limit,
            choice=params.tool_choice,
            is_parallel=params.parallel_tools,
            approval_seconds=params.approval_seconds,
            keeps_trace=params.keep_trace,
        )

    def run(self, params: Any, ctx: Context) -> Result:
        """Work until there is an answer."""
        return loop.run(self.task(params, ctx), ctx)

    def resume(self, params: Any, ctx: Context, state: Json, answer: Json) -> Result:
        """Go on after a person, a workflow or a timer."""
        return loop.resumed(self.task(params, ctx), ctx, state, answer)


def _ref(fallback: Fallback) -> ModelRef:
    credential = fallback.credential.credential if fallback.credential else None
    return ModelRef(provider=fallback.provider, model=fallback.model, credential=credential)


def _media(kind: Literal["image", "file"], given: list[Any]) -> list[Media]:
    found = []
    for each in given:
        if isinstance(each, str):
            found.append(Media(kind=kind, url=each))
        elif isinstance(each.get("id"), str):
            name, media_type = str(each.get("name") or ""), str(each.get("content_type") or "")
            found.append(Media(kind=kind, artifact=each, name=name, media_type=media_type))
        else:
            found.append(Media(kind=kind, url=each["url"], name=str(each.get("name") or "")))
    return found
