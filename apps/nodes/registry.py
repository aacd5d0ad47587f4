"""The node types there are: whatever lies in the folders. Nobody keeps a list.

Looked for in `apps/nodes/builtin/`, in every other app's `nodes/` folder, in `apps/integrations/vendors/*/nodes/`, and
in the packages an operator names in `NODE_PACKAGES`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType

from apps.nodes.contract import Json, Node, NodeType, Trigger

_APPS = Path(__file__).resolve().parent.parent
_packages: list[str] = []


def look_into(packages: Iterable[str]) -> None:
    """Look for node types in these packages, too, and in no others that were named before."""
    _packages[:] = packages
    node_types.cache_clear()
    catalogue.cache_clear()


@cache
def node_types() -> Mapping[tuple[str, str], type[Node]]:
    """Every node type by `(type, subtype)`, in a stable order. Imports the node folders on first use."""
    found: dict[tuple[str, str], type[Node]] = {}
    for folder in _folders():
        for module in _modules(folder):
            for _, cls in inspect.getmembers(module, inspect.isclass):
                if issubclass(cls, Node) and cls.__module__ == module.__name__ and "subtype" in vars(cls):
                    key = (str(cls.type), cls.subtype)
                    if key in found:
                        raise RuntimeError(f"{key} is declared twice: {found[key].__module__} and {cls.__module__}.")
                    found[key] = cls
    order = list(NodeType)
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (order.index(NodeType(item[0][0])), item[0]))))


def node_type(type_: str, subtype: str) -> type[Node] | None:
    """The class of one node type, or None when there is no such type."""
    return node_types().get((type_, subtype))


def label(cls: type[Node]) -> str:
    """The name people see: the class's own, or its subtype in words ("HTTP request")."""
    return cls.name or cls.subtype.replace("_", " ").capitalize()


@cache
def catalogue() -> tuple[dict[str, Json], ...]:
    """Every node type as data: what the canvas, the API and the agent builder read."""
    return tuple(_entry(cls) for cls in node_types().values())


def _entry(cls: type[Node]) -> dict[str, Json]:
    doc = inspect.getdoc(cls) or ""
    summary, _, rest = doc.partition("\n")
    return {
        "type": str(cls.type),
        "subtype": cls.subtype,
        "name": label(cls),
        "summary": summary,
        "description": rest.strip(),
        "icon": cls.icon,
        "keywords": list(cls.keywords),
        "ports": list(cls.ports),
        "summary_template": cls.summary,
        "is_trigger": issubclass(cls, Trigger),
        "is_container": cls.is_container,
        "retry": asdict(cls.retry),
        "timeout_seconds": cls.timeout_seconds,
        "on_unknown": str(cls.on_unknown),
        "params_schema": cls.Params.model_json_schema(),
        "output_schema": cls.Output.model_json_schema(),
        "examples": [{"title": ex.title, "params": ex.params, "returns": ex.returns} for ex in cls.examples],
    }


def _folders() -> Iterator[str]:
    yield "apps.nodes.builtin"
    for path in sorted(_APPS.glob("*/nodes/__init__.py")) + sorted(
        _APPS.glob("integrations/vendors/*/nodes/__init__.py")
    ):
        yield ".".join(("apps", *path.parent.relative_to(_APPS).parts))
    yield from _packages


def _modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    for info in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
        yield importlib.import_module(info.name)
