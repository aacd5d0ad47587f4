"""A memory that outlives the execution."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from apps.nodes.contract import (
    Context,
    Done,
    Effect,
    Example,
    Expr,
    Json,
    Node,
    NodeOutput,
    NodeParams,
    NodeType,
    Result,
    Retry,
    asked,
)

_Number = Annotated[float, Field(allow_inf_nan=False)]
_WITH_VALUE = frozenset({"set", "append", "compare_and_set"})


class KeyValue(Node):
    """Keep something under a key, for later nodes, later executions and other workflows.

    Every change is atomic: of a hundred increments at once none is lost. It is made once, also when the process dies
    while it is being made. A key holds at most 64 KB of JSON, a workspace 100,000 keys; what is larger belongs into an
    artifact.
    """

    type, subtype, icon, name = NodeType.ACTION, "KEY_VALUE", "database", "Key and value"
    summary = "{operation} {key}"
    keywords = ("store", "memory", "state", "counter", "cache", "lock", "variable", "remember", "once")
    retry = Retry(attempts=5, delay_seconds=0.5)

    class Params(NodeParams):
        operation: Annotated[
            Literal["get", "set", "delete", "increment", "append", "compare_and_set"],
            asked(words={"compare_and_set": "Set if unchanged"}),
        ] = "get"
        """What to do. `append` adds to the end of a list; `compare_and_set` writes only if `expected` stands there."""
        key: Expr[Annotated[str, Field(min_length=1, max_length=200)]]
        """The key: at most 200 characters, such as `orders/{{ $json.id }}`."""
        scope: Annotated[
            Literal["workspace", "workflow"],
            asked("Shared by", words={"workspace": "All workflows", "workflow": "This workflow"}),
        ] = "workspace"
        """Who shares the key: all workflows of the workspace, or all executions of this workflow."""
        value: Annotated[Expr[Any], asked(when={"operation": ["set", "append", "compare_and_set"]})] = None
        """What to keep (`set`, `compare_and_set`), or to add to the list (`append`)."""
        default: Annotated[Expr[Any], asked("If there is nothing", when={"operation": ["get"]})] = None
        """What `get` gives when nothing is kept there."""
        by: Annotated[Expr[int | _Number], asked(when={"operation": ["increment"]})] = 1
        """How much `increment` adds; a negative number takes away."""
        expected: Annotated[Expr[Any], asked("If this stands there", when={"operation": ["compare_and_set"]})] = None
        """What must stand there for `compare_and_set` to write. Empty: nothing."""
        keep_last: Annotated[
            Annotated[int, Field(ge=1, le=10_000)] | None, asked("Items kept", when={"operation": ["append"]})
        ] = None
        """How many items `append` keeps, the newest ones. Empty: all."""
        ttl_seconds: Annotated[
            Expr[Annotated[int, Field(ge=1, le=31_622_400)]] | None,
            asked("Forgotten after", when={"operation": ["set", "increment", "append", "compare_and_set"]}),
        ] = None
        """After how many seconds it is forgotten; of a counter or a list, from the first one on. Empty: never."""

        @model_validator(mode="after")
        def _value_has_a_use(self) -> Self:
            if self.value is not None and self.operation not in _WITH_VALUE:
                raise ValueError(f"{self.operation} takes no value.")
            return self

    class Output(NodeOutput):
        key: str
        """The key."""
        value: Any
        """What stands there now; after `append` what was added, after `delete` nothing."""
        found: bool
        """Whether something stood there before."""
        changed: bool
        """Whether something else stands there now. Of `compare_and_set`: whether the expected was there."""
        revision: int
        """How often the key was written since it was made."""
        expires_at: str | None
        """When it is forgotten."""
        length: int
        """After `append`: how many items the list has."""

    examples = (
        Example(
            "Count today's orders",
            params={"operation": "increment", "key": "orders/{{ $json.day }}", "ttl_seconds": 172_800},
            input={"day": "2026-11-20"},
            returns={
                "key": "orders/2026-11-20",
                "value": 1,
                "found": False,
                "changed": True,
                "revision": 1,
                "expires_at": "2026-11-22T09:00:00+00:00",
            },
        ),
        Example(
            "Only the first may go on",
            params={"operation": "compare_and_set", "key": "lock/{{ $json.id }}", "value": True, "ttl_seconds": 60},
            input={"id": "A-1"},
            returns={
                "key": "lock/A-1",
                "value": True,
                "found": False,
                "changed": True,
                "revision": 1,
                "expires_at": "2026-11-20T09:01:00+00:00",
            },
        ),
        Example(
            "What was kept, or else zero",
            params={"key": "last-invoice", "default": 0},
            returns={
                "key": "last-invoice",
                "value": 0,
                "found": False,
                "changed": False,
                "revision": 0,
                "expires_at": None,
            },
        ),
    )

    def effect(self, params: Params) -> Effect:
        """Reading reads, everything else writes."""
        return Effect.READ if params.operation == "get" else Effect.WRITE

    def honours_key(self, params: Params) -> bool:
        """Always: the idempotency key is noted in the transaction of the change."""
        return True

    def run(self, params: Params, ctx: Context) -> Result:
        """Do it, in one transaction."""
        return Done({"key": params.key, "changed": False} | _done(params, ctx))


def _done(params: KeyValue.Params, ctx: Context) -> dict[str, Json]:
    values, key, scope, ttl = ctx.values, params.key, params.scope, params.ttl_seconds
    match params.operation:
        case "set":
            return values.set(key, params.value, ttl_seconds=ttl, scope=scope)
        case "delete":
            return values.delete(key, scope=scope)
        case "increment":
            return values.increment(key, params.by, ttl_seconds=ttl, scope=scope)
        case "append":
            return values.append(key, params.value, keep_last=params.keep_last, ttl_seconds=ttl, scope=scope)
        case "compare_and_set":
            return values.compare_and_set(key, params.expected, params.value, ttl_seconds=ttl, scope=scope)
        case _:
            kept = values.get(key, scope=scope)
            return kept if kept["found"] else kept | {"value": params.default}
