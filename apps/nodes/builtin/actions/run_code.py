"""Code of one's own, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

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
    Variable,
    asked,
)

_OWN: Final = frozenset({"input", "items", "item", "index"})


def _free(name: str) -> str:
    if name in _OWN:
        raise ValueError(f"“{name}” is there already: choose another name.")
    return name


class RunCode(Node):
    """Run Python or JavaScript of your own.

    The code is the body of a function: what it returns is the output. It sees `input` (what arrived), `items` (the
    same as a list) and the further values below as variables; run once for each item, also `item` and `index`, and the
    output is the list of what each returned. What it prints stands in the log.

    It runs in a sandbox, in a process of its own: no network, no files, no secrets, only the standard library. Data
    comes in as values: `{{ … }}` means nothing in the code.
    """

    type, subtype, icon, name = NodeType.ACTION, "RUN_CODE", "code", "Run code"
    summary = "{language}"
    keywords = ("python", "javascript", "script", "function", "custom", "program", "compute")

    class Params(NodeParams):
        language: Annotated[
            Literal["python", "javascript"], asked(words={"python": "Python", "javascript": "JavaScript"})
        ] = "python"
        """What the code is written in."""
        code: Annotated[str, Field(min_length=1, max_length=100_000), asked(widget="code")]
        """The code, taken as written. It answers with `return`."""
        mode: Annotated[
            Literal["once", "each"], asked("Run", words={"once": "Once, with all items", "each": "Once for each item"})
        ] = "once"
        """Once with everything, or once for each item of the list that arrived, in one process, in order."""
        values: Annotated[
            Expr[dict[Annotated[Variable, AfterValidator(_free)], Any]], Field(max_length=50), asked("Further values")
        ] = {}
        """More variables for the code by their names, such as what earlier nodes gave."""
        limit_seconds: Annotated[float, Field(gt=0, le=300), asked("Time limit", group="Limits")] = 10
        """How long it may take, all items together."""
        memory_mb: Annotated[int, Field(ge=16, le=16_384), asked("Memory in MB", group="Limits")] = 256
        """How much memory it may use."""

    class Output(NodeOutput):
        """What the code returned."""

    examples = (
        Example(
            "Totals by customer",
            params={
                "code": "totals = {}\n"
                "for item in items:\n"
                '    totals[item["customer"]] = totals.get(item["customer"], 0) + item["amount"]\n'
                'return {"totals": totals}'
            },
            input=[
                {"customer": "Ada", "amount": 5},
                {"customer": "Bob", "amount": 1},
                {"customer": "Ada", "amount": 2},
            ],
            returns={"totals": {"Ada": 7, "Bob": 1}},
        ),
        Example(
            "One item at a time, with a value from elsewhere",
            params={
                "language": "javascript",
                "mode": "each",
                "values": {"rate": "{{ 1.19 }}"},
                "code": "return { ...item, place: index + 1, gross: Math.round(item.net * rate * 100) / 100 };",
            },
            input=[{"net": 10}, {"net": 5}],
            returns=[{"net": 10, "place": 1, "gross": 11.9}, {"net": 5, "place": 2, "gross": 5.95}],
        ),
    )

    @classmethod
    def late_of(cls, params: Mapping[str, Json]) -> frozenset[str]:
        """The code: it is never resolved, not even here, so that nobody's data becomes a part of it."""
        return frozenset({"code"})

    def effect(self, params: Any) -> Effect:
        """Code changes nothing and may run again. It is no pure node, since it may take a minute and its process may
        die: so it gets a thread that may wait, and its start is written down before.
        """
        return Effect.READ

    def run(self, params: Params, ctx: Context) -> Result:
        """Run it in the sandbox."""
        given = ctx.json
        items = given if isinstance(given, list) else [] if given is None else [given]
        seconds = min(params.limit_seconds, ctx.timeout_seconds)
        values = {"input": given, "items": items, **params.values}
        if params.mode == "once":
            answer = ctx.code.run(
                language=params.language, source=params.code, values=values, seconds=seconds, memory_mb=params.memory_mb
            )
        else:
            answer = ctx.code.run_each(
                language=params.language,
                source=params.code,
                values=values,
                rounds=[{"item": item, "index": index} for index, item in enumerate(items)],
                seconds=seconds,
                memory_mb=params.memory_mb,
            )
        return Done(answer.result)
