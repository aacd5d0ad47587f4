"""What the expressions of a node would come to now. They are evaluated by the engine's own language, on what is known.

Nothing runs and nothing is called: an expression sees values and the function table, see `apps.nodes.expressions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from apps.core.suggest import nearest
from apps.executions.known import Known, Source
from apps.nodes.expressions import ExprError, Scope, Template, compile_template
from apps.nodes.expressions.budget import Allowance, Budget
from apps.nodes.expressions.values import type_name
from apps.nodes.params import faults, inner_names

Json = Any
Sees = Literal["input", "output"]
MOST_SHOWN = 20_000
"""Characters of a result's JSON; of more the beginning is shown."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one text comes to, or why it comes to nothing. `head`: how the JSON of a large result begins."""

    value: Json = None
    kind: str = ""
    source: Source | None = None
    head: str = ""
    size: int = 0
    message: str = ""
    hint: str = ""
    column: int | None = None
    is_unknown: bool = False
    """Nothing is known of the data it reads."""
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`ok`, `error`, or `no_data` where it cannot be said yet."""
        return "no_data" if self.is_unknown else "error" if self.message else "ok"


def previews(known: Known, texts: Mapping[str, str], sees: Sees = "input") -> dict[str, Preview]:
    """What each text comes to, within the budget that the parameters of one node have.

    The keys are the places of the texts, as in `params.url`. `sees`: whether `$json` is what goes into the node, or
    what it gives back, as for the conditions of connections from it.
    """
    allowance, found = Allowance(), {}
    for path, text in texts.items():
        with allowance.one() as budget:
            found[path] = _preview(known, path, text, sees, budget)
    return found


def _preview(known: Known, path: str, text: str, sees: Sees, budget: Budget) -> Preview:
    try:
        template = compile_template(text)
        scope, origin = _scope(known, path, sees)
        unknown = next(_later(known, path, template), None) or next(_unknown(known, template, origin), None)
        if unknown is not None:
            return Preview(is_unknown=True, message=unknown[0], hint=unknown[1])
        value = template.evaluate(scope, budget)
        source = _source(known, template, origin)
        warnings = [] if source == "example" else [*_missing(template, scope), *_misfits(known, path, value)]
    except ExprError as error:
        return Preview(message=error.message, hint=error.hint, column=error.column)
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(shown) > MOST_SHOWN:
        return Preview(None, type_name(value), source, head=shown[:500], size=len(shown.encode()), warnings=warnings)
    return Preview(value, type_name(value), source, size=len(shown), warnings=warnings)


def _scope(known: Known, path: str, sees: Sees) -> tuple[Scope, Source | None]:
    """What the text at this place sees, and where its `$json` is from."""
    node = known.node
    if sees == "output":
        gave = known.output(node.id)
        return known.scope(node.id, {"main": gave.value}), gave.source
    name = _name(path)
    if node.cls.is_container and name in inner_names(node.cls):
        here = known.round(node.id)
        if name != "result":
            return known.scope(node.id, {"main": here.item}, node.id), here.source
        leaves = [each for each in known.graph.levels.get(node.id, ()) if not known.graph.outgoing.get(each)]
        last = known.output(leaves[0]) if len(leaves) == 1 else None
        value = last.value if last else {each: known.output(each).value for each in leaves}
        return known.scope(node.id, {"main": value}, node.id), last.source if last else here.source
    given, origin = known.given(node.id)
    scope, batch = known.scope(node.id, given), known.batch()
    if batch is not None and name in node.cls.late_of(node.params):
        scope = scope.for_item(batch.item, batch.index)
    return scope, origin.source


def _name(path: str) -> str:
    """The parameter a place belongs to."""
    return path.removeprefix("params.").partition(".")[0].partition("[")[0]


def _later(known: Known, path: str, template: Template) -> Iterator[tuple[str, str]]:
    """Why it cannot be said before the node runs: what it reads comes into being only then."""
    node, batch = known.node, known.batch_name()
    is_late = _name(path) in node.cls.late_of({name: value for name, value in node.params.items() if name != batch})
    if is_late and any(each.root in ("json", "item", "index") for each in template.references):
        yield f"“{node.name}” works this out while it runs.", "Test the node to see what it comes to."


def _unknown(known: Known, template: Template, origin: Source | None) -> Iterator[tuple[str, str]]:
    """What it reads of which nothing is known, and how that can be changed."""
    node = known.node
    for reference in sorted(template.references, key=lambda each: (each.root, each.name or "")):
        if reference.root in ("json", "input") and origin is None:
            yield (
                f"Nothing is known yet of what goes into “{node.name}”.",
                "Connect it to a node before it, or run the workflow up to it once."
                if not known.graph.incoming.get(node.id)
                else "Run the workflow up to it once, or pin what the node before it gives back.",
            )
        if reference.root == "trigger" and known.trigger().source is None:
            yield "No trigger leads here.", "Connect one, or read $json."
        if reference.root in ("item", "index"):
            here = (node.id, known.round(node.id)) if node.cls.is_container else known.here()
            if here is not None and here[1].source is None:
                name = known.graph.nodes[here[0]].name
                yield f"“{name}” has no item to show.", f"Run the workflow up to “{name}” once, or pin its list."


def _source(known: Known, template: Template, origin: Source | None) -> Source | None:
    """What the result rests on: an example, if anything of it does."""
    found: list[Source | None] = []
    for reference in template.references:
        if reference.root in ("json", "input", "item"):
            found.append(origin)
        elif reference.root == "trigger":
            found.append(known.trigger().source)
        elif reference.root == "execution":
            found.append("example")
        elif reference.root == "node" and (node_id := known.graph.names.get(reference.name or "")):
            found.append(known.output(node_id).source)
    return next((each for each in ("example", "run", "pinned") if each in found), None)


def _missing(template: Template, scope: Scope) -> Iterator[dict[str, str]]:
    """The members it reads that are not there."""
    for path in sorted(template.paths):
        match path:
            case ("json" | "item" as root, *keys):
                value, name = getattr(scope, root), f"${root}"
            case ("node", node, *keys) if node in scope.node:
                value, name = scope.node[node], f'$node["{node}"]'
            case ("trigger" | "vars" as root, *keys):
                value, name = scope.lazy(root), f"${root}"
            case _:
                continue
        for key in keys:
            if not isinstance(value, dict):
                break
            if key not in value:
                hint = nearest(key, [each for each in value if isinstance(each, str)])
                yield {"message": f"{name} has no “{key}” in this data.", "hint": hint}
                break
            value, name = value[key], f"{name}.{key}"


def _misfits(known: Known, path: str, value: Json) -> Iterator[dict[str, str]]:
    """Why the parameter would not take this value, where the text is all of it."""
    cls = known.node.cls
    adapter = _taker(cls.Params, path.removeprefix("params."))
    if adapter is None:
        return
    try:
        adapter.validate_python(value)
    except ValidationError as refused:
        for fault in faults(cls.Params, refused, value, path)[:1]:
            yield {"message": fault.message, "hint": fault.hint}


@lru_cache(maxsize=512)
def _taker(params: type[BaseModel], name: str) -> TypeAdapter[Any] | None:
    """What checks the values of one parameter."""
    field = params.model_fields.get(name)
    if field is None:
        return None
    taken: Any = field.annotation
    return TypeAdapter(Annotated[taken, *field.metadata] if field.metadata else taken)
