"""The credential types there are: whatever lies in the folders.

Looked for in `apps/integrations/credential_types/` and in `apps/integrations/vendors/*/credential_types/`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from apps.integrations.declare import CredentialType, secret_names
from apps.nodes.contract import Json

_HERE = Path(__file__).resolve().parent


@cache
def credential_types() -> Mapping[str, CredentialType]:
    """Every credential type by its `type`, in the order of their names. Imports the folders on first use."""
    found: dict[str, CredentialType] = {}
    for package in _folders():
        root = importlib.import_module(package)
        for info in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
            module = importlib.import_module(info.name)
            for _, cls in inspect.getmembers(module, inspect.isclass):
                if issubclass(cls, CredentialType) and cls.__module__ == module.__name__ and "type" in vars(cls):
                    if cls.type in found:
                        raise RuntimeError(f"The credential type {cls.type} is declared twice.")
                    found[cls.type] = cls()
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: item[1].name.lower())))


def credential_type(name: str) -> CredentialType | None:
    """One type, or None when there is none of this name."""
    return credential_types().get(name)


def fitting(use: str) -> list[str]:
    """The types that are good for this use: `http`, `webhook`, or the name of a type itself."""
    return [name for name, kind in credential_types().items() if use == name or use in kind.fits]


@cache
def catalogue() -> tuple[dict[str, Json], ...]:
    """Every type as data, with the schema its form is made from."""
    return tuple(
        {
            "type": kind.type,
            "name": kind.name,
            "summary": kind.summary(),
            "icon": kind.icon,
            "fits": sorted(kind.fits | {kind.type}),
            "obtained": kind.obtained,
            "secret_fields": list(secret_names(kind.Fields)),
            "fields_schema": kind.Fields.model_json_schema(),
        }
        for kind in credential_types().values()
    )


def _folders() -> Iterator[str]:
    yield "apps.integrations.credential_types"
    for path in sorted(_HERE.glob("vendors/*/credential_types/__init__.py")):
        yield ".".join(("apps.integrations", *path.parent.relative_to(_HERE).parts))
