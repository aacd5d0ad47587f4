"""What an expression can see."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final, TypeAlias, cast

from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions.moments import iso
from apps.nodes.expressions.values import Json, near

Lazy: TypeAlias = "Json | Callable[[], Json]"
"""A value, or a function that gives it, called the first time an expression needs it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing an expression reads: a root, or for `input`, `node` and `vars` also which port, node or variable."""

    root: str
    name: str | None = None


class Scope:
    """The values behind the roots, for one node run.

    `node` maps node names to their outputs; its iteration gives the names that exist, and its look-ups may be as lazy
    as the caller likes (an expression looks up only the nodes it names, once). A node that exists but has no output
    stands for null. `trigger`, `vars`, `execution` and `workflow` may be functions, called at most once. `now` must be
    aware; its zone decides where `$today` begins. Exceptions of the functions and mappings given here pass through
    unchanged.
    """

    __slots__ = ("_lazy", "index", "input", "item", "json", "node", "now")

    def __init__(
        self,
        *,
        json: Json = None,
        input: Mapping[str, Json] | None = None,
        node: Mapping[str, Json] | None = None,
        trigger: Lazy = None,
        vars: Lazy = None,
        execution: Lazy = None,
        workflow: Lazy = None,
        item: Json = None,
        index: int | None = None,
        now: datetime | None = None,
    ) -> None:
        if now is not None and now.tzinfo is None:
            raise ValueError("now must be aware")
        self.json = json
        self.input: Mapping[str, Json] = {} if input is None else input
        self.node: Mapping[str, Json] = {} if node is None else node
        self.item = item
        self.index = index
        self.now = now
        self._lazy: dict[str, Lazy] = {
            "trigger": trigger,
            "vars": vars,
            "execution": execution,
            "workflow": workflow,
        }

    def lazy(self, name: str) -> Json:
        """The value of `trigger`, `vars`, `execution` or `workflow`."""
        value = self._lazy[name]
        if callable(value):
            value = self._lazy[name] = value()
        return value

    def for_item(self, item: Json, index: int) -> "Scope":
        """This scope with another `$item` and `$index`; what was loaded already stays loaded."""
        scope = Scope.__new__(Scope)
        for name in ("json", "input", "node", "now", "_lazy"):
            setattr(scope, name, getattr(self, name))
        scope.item, scope.index = item, index
        return scope


Loader: TypeAlias = Callable[[Scope], Json]


def _load_input(scope: Scope) -> Json:
    return dict(scope.input)


def _load_now(scope: Scope) -> Json:
    if scope.now is None:
        raise ExprError("$now is not available here")
    return iso(scope.now)


def _load_today(scope: Scope) -> Json:
    if scope.now is None:
        raise ExprError("$today is not available here")
    return iso(scope.now.replace(hour=0, minute=0, second=0, microsecond=0))


def _lazy_loader(name: str) -> Loader:
    return lambda scope: scope.lazy(name)


_LOADERS: Final[dict[str, Loader]] = {
    "json": attrgetter("json"),
    "input": _load_input,
    "item": attrgetter("item"),
    "index": attrgetter("index"),
    "now": _load_now,
    "today": _load_today,
    **{name: _lazy_loader(name) for name in ("trigger", "vars", "execution", "workflow")},
}


def root_loader(name: str) -> Loader:
    """How a root's value is taken from a scope."""
    return _LOADERS[name]


def node_loader(name: str, column: int) -> Loader:
    """How a node's output is taken from a scope; an unknown name is an error at `column`."""

    def load(scope: Scope) -> Json:
        try:
            return scope.node[name]
        except KeyError:
            # Only a name the mapping does not list is the expression's fault.
            names = list(cast(Iterable[str], scope.node))
            if name in names:
                raise
            hint = near(name, names) or ("there is no other node here" if not names else "")
            raise ExprError(f"there is no node named {name!r}", hint=hint, column=column) from None

    return load
