"""Any action as a tool."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Expr,
    Function,
    Json,
    Node,
    NodeError,
    NodeParams,
    NodeType,
    Offer,
    Suspend,
    Tool,
    ToolParams,
    asked,
)
from apps.nodes.contract.messages import TOOL_NAME
from apps.nodes.params import ParamsInvalid, credential_slots, member_of, validated
from apps.nodes.paths import Path, PathBlocked, put
from apps.nodes.registry import node_type

_KINDS: Final = {"text": "string", "number": "number", "integer": "integer", "boolean": "boolean", "list": "array"}
_TYPES: Final = (NodeType.ACTION, NodeType.EXTERNAL_ACTION)
_PLACES: Final = re.compile(r"(^|_)(url|host|server|address|endpoint)$", re.IGNORECASE)
_FIXED: Final = re.compile(r"\{\{(?:(?!\}\}|\$item).)*\}\}", re.DOTALL)
"""An expression that reads nothing of the model's."""
_MOST_TRIALS: Final = 64
"""So many ways of filling in are tried to see what a call does to the world."""


class Fill(NodeParams):
    """Something the model fills in."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    """What the model knows it as. In the other parameters it can be read as `$item.<name>`."""
    parameter: Annotated[Path | None, asked("Goes into")] = None
    """The parameter it becomes, whole: `text`, or a part of one, `json.title`. Empty: it is only read by others."""
    description: Annotated[str, Field(max_length=1_000)] = ""
    """What the model should put there. Empty: what the node's form says of the parameter."""
    kind: Annotated[
        Literal["", "text", "number", "integer", "boolean", "list", "object"],
        asked(words={"": "As the action says", "integer": "Whole number", "boolean": "True or false"}),
    ] = ""
    """What it is. Left out: what the action says of the parameter, else a text."""
    is_required: bool = True
    """Whether the model has to give it."""


class NodeTool(Tool):
    """Let an agent use any action: a request, a message, an entry in a list.

    You fix the action's parameters, the model fills in those you name. What it fills in is a value and stays one: it is
    never evaluated as an expression, whatever it looks like. Whether a person is asked follows from what the action
    does: one that only reads waits for nobody.
    """

    subtype, icon, name = "NODE", "square-mouse-pointer", "Action"
    summary = "{node}"
    keywords = ("action", "api", "http", "integration", "call", "any node")

    class Params(ToolParams):
        node: Annotated[
            str, Field(pattern=r"^(ACTION|EXTERNAL_ACTION)\.[A-Z][A-Z0-9_]*$"), asked("Action", widget="node")
        ]
        """The type of the action: `ACTION.HTTP_REQUEST`."""
        title: Annotated[str, Field(pattern=TOOL_NAME), asked("Name of the tool")]
        """What the model calls it by: letters, digits, `_` and `-`, such as `find_order`."""
        description: Annotated[str, Field(min_length=1, max_length=2_000), asked("What it does", widget="lines")]
        """When the model should use it, and what it gets back."""
        params: Annotated[Expr[dict[str, Any]], asked("Parameters", widget="node_params")] = {}
        """The action's parameters that are fixed. Expressions see what the agent sees, and `$item.<name>`: what the
        model filled in."""
        fills: Annotated[list[Fill], Field(max_length=30), asked("Filled in by the model")] = []
        """What the model fills in."""

        @model_validator(mode="after")
        def _fits(self) -> Self:
            names = [fill.name for fill in self.fills]
            if len(set(names)) < len(names):
                raise ValueError("Two things the model fills in have the same name.")
            return self

    examples = (
        Example(
            "What is left of an article",
            params={
                "node": "ACTION.HTTP_REQUEST",
                "title": "stock",
                "description": "How many pieces of an article are left.",
                "params": {"url": "https://api.example.com/stock/{{ $item.sku }}", "returns": "body"},
                "fills": [{"name": "sku", "description": "The article's number, such as A-1"}],
            },
            input={"sku": "A-1"},
            answers=({"json": {"left": 3}},),
            returns={"left": 3},
        ),
        Example(
            "A ticket, after a person has agreed",
            params={
                "node": "ACTION.HTTP_REQUEST",
                "title": "open_ticket",
                "description": "Opens a ticket for the workshop.",
                "params": {"method": "POST", "url": "https://api.example.com/tickets", "returns": "body"},
                "fills": [
                    {"name": "title", "parameter": "json.title", "description": "What is broken, in one line"},
                    {"name": "urgent", "parameter": "json.urgent", "kind": "boolean", "is_required": False},
                ],
                "approvers": ["workshop@example.com"],
            },
            input={"title": "The lamp flickers"},
            answers=({"status": 201, "json": {"id": 9}},),
            returns={"id": 9},
        ),
    )

    @classmethod
    def late_of(cls, params: Mapping[str, Json]) -> frozenset[str]:
        """The action's parameters: their expressions see what the model filled in."""
        return frozenset({"params"})

    @classmethod
    def nested_of(cls, params: Mapping[str, Json]) -> dict[str, tuple[type[Node], Mapping[str, Json]]]:
        """The action's own parameters."""
        inner, given = _type_of(params.get("node")), params.get("params")
        return {} if inner is None or not isinstance(given, Mapping) else {"params": (inner, given)}

    def offers(self, params: Params, ctx: Context) -> Sequence[Offer]:
        """One function of what the model fills in. Raises `NodeError` for a tool that must not be used so."""
        inner = _inner(params)
        _require_safe(inner, params)
        properties = {fill.name: _schema(inner, fill) for fill in params.fills}
        schema = {
            "type": "object",
            "properties": properties,
            "required": [fill.name for fill in params.fills if fill.is_required],
            "additionalProperties": False,
        }
        effect, honours_key = self._does(inner, params, ctx, properties)
        function = Function(name=params.title, description=params.description, parameters=schema)
        approval, words = params.needs_approval(effect), params.title.replace("_", " ").capitalize()
        return [Offer(function, effect, honours_key, approval, title=words, own=str(effect))]

    def call(self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done | Suspend:
        """Run the action with what the model gave. `name` is the effect that was offered."""
        inner = _inner(params)
        node, made = inner(), _made(inner, params, ctx, arguments)
        if node.effect(made) is Effect.WRITE and name != Effect.WRITE:
            raise NodeError(
                "ai.tool_does_more",
                f"With these arguments “{params.title}” would change something, which it was not offered for.",
                "Fill it in another way.",
            )
        return _done(node.run(made, ctx), params)

    def answered(
        self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json], state: Json, answer: Json
    ) -> Done | Suspend:
        """Go on with an action that waited."""
        inner = _inner(params)
        return _done(inner().resume(_made(inner, params, ctx, arguments), ctx, state, answer), params)

    def _does(
        self, inner: type[Node], params: Params, ctx: Context, properties: Mapping[str, Json]
    ) -> tuple[Effect, bool]:
        """The most a call can do to the world, whatever the model fills in; a write when that cannot be told."""
        node, effects, honours = inner(), list[Effect](), list[bool]()
        for arguments in _trials(properties):
            try:
                made = _made(inner, params, ctx, arguments)
            except NodeError:
                continue
            effects.append(node.effect(made))
            honours.append(node.honours_key(made))
        if not effects or Effect.WRITE in effects:
            return Effect.WRITE, bool(honours) and all(honours)
        return Effect.READ, all(honours)


def _type_of(named: Json) -> type[Node] | None:
    type_, _, subtype = named.partition(".") if isinstance(named, str) else ("", "", "")
    return node_type(type_, subtype) if type_ in _TYPES else None


def _inner(params: NodeTool.Params) -> type[Node]:
    found = _type_of(params.node)
    if found is None:
        raise NodeError("ai.tool_unknown_node", f"There is no action {params.node}.", "Choose another action.")
    return found


def _require_safe(inner: type[Node], params: NodeTool.Params) -> None:
    """A model must not choose where a credential is sent, nor write what is evaluated later."""
    late = inner.late_of(_filled_in(params, {fill.name: "" for fill in params.fills}))
    slots = credential_slots(inner, params.params, "")
    has_credential = any(slot.reference for slot in slots)
    for fill in params.fills:
        root = (fill.parameter or "").partition(".")[0]
        if fill.parameter and any(_overlap(fill.parameter, slot.path) for slot in slots):
            raise NodeError(
                "ai.tool_unsafe", f"By “{fill.name}” the model would choose a credential.", "Choose it yourself."
            )
        if root in late:
            raise NodeError(
                "ai.tool_unsafe",
                f"“{fill.name}” goes into {root}, whose expressions the action evaluates by itself.",
                f"Write {root} yourself, and let the model fill in something else.",
            )
        if has_credential and fill.parameter and _PLACES.search(fill.parameter.rpartition(".")[2]):
            raise NodeError(
                "ai.tool_unsafe",
                f"By “{fill.name}” the model would choose where the credential is sent.",
                "Write the address yourself, with only a part of it from the model: https://…/{{ $item.number }}.",
            )

    led = [name for name, value in params.params.items() if _PLACES.search(name) and _is_led(value)]
    if has_credential and led:
        raise NodeError(
            "ai.tool_unsafe",
            f"In {led[0]}, what the model fills in would choose where the credential is sent.",
            "Write the host and the slash after it yourself: https://api.example.com/{{ $item.number }}.",
        )


def _is_led(address: Json) -> bool:
    """Whether what the model fills in could become a part of an address's host."""
    if not isinstance(address, str) or "$item" not in address:
        return False
    before = _FIXED.sub("x", address).partition("{{")[0].replace("://", "", 1)
    return not any(mark in before for mark in "/?#")


def _overlap(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _filled_in(params: NodeTool.Params, arguments: Mapping[str, Json]) -> dict[str, Json]:
    made = dict(params.params)
    for fill in params.fills:
        if fill.parameter and fill.name in arguments:
            try:
                put(made, fill.parameter, arguments[fill.name])
            except PathBlocked as blocked:
                raise NodeError("ai.tool_unfit", f"{fill.parameter}: {blocked}.", "Correct “Goes into”.") from None
    return made


def _made(inner: type[Node], params: NodeTool.Params, ctx: Context, arguments: Mapping[str, Json]) -> Any:
    """The action's parameters: what the author wrote is evaluated, then what the model gave is put in, as it is."""
    late = inner.late_of(params.params)
    own = {name: value for name, value in params.params.items() if name not in late}
    item = {fill.name: arguments.get(fill.name) for fill in params.fills}
    resolved = ctx.resolve(own, item=item, index=0)
    kept = {name: params.params[name] for name in late if name in params.params}
    fixed = params.model_copy(update={"params": resolved | kept})
    try:
        return validated(inner, _filled_in(fixed, arguments))
    except ParamsInvalid as refused:
        first = refused.faults[0]
        raise NodeError("nodes.params_invalid", f"{first.path}: {first.message}", first.hint) from None


def _done(result: Any, params: NodeTool.Params) -> Done | Suspend:
    if isinstance(result, Done | Suspend):
        return result
    raise NodeError("ai.tool_unfit", f"{params.node} cannot be used as a tool.", "Choose another action.")


def _schema(inner: type[Node], fill: Fill) -> dict[str, Json]:
    """What the model is told of something it fills in: what the node says of it, less what only forms need."""
    found = member_of(inner, fill.parameter) if fill.parameter else {}
    found = {
        name: value for name, value in found.items() if not name.startswith("x-") and name not in ("title", "default")
    }
    if fill.kind or not (found.keys() - {"description"}):
        found = {"type": _KINDS.get(fill.kind or "text", fill.kind)} | {
            name: value for name, value in found.items() if name == "description"
        }
    return found | ({"description": fill.description} if fill.description else {})


def _trials(properties: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Arguments a model could give: every choice there is, else something of the right kind."""
    options = [_samples(schema) for schema in properties.values()]
    for values in itertools.islice(itertools.product(*options), _MOST_TRIALS):
        yield dict(zip(properties, values, strict=True))


def _samples(schema: Mapping[str, Json]) -> list[Json]:
    if schema.get("enum"):
        return list(schema["enum"])
    if "const" in schema:
        return [schema["const"]]
    inner = [each for name in ("anyOf", "oneOf") for each in schema.get(name, ())]
    if inner:
        return [sample for each in inner for sample in _samples(each)]
    kinds: dict[str, list[Json]] = {
        "integer": [1], "number": [1], "boolean": [False, True], "array": [[]], "object": [{}], "null": [None],
    }  # fmt: skip
    return kinds.get(str(schema.get("type")), ["https://example.com/a"])
