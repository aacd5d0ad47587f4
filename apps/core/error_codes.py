"""Every code a problem document or a failed node can carry.

Refusals are read from the classes that carry them; codes without a class are declared beside what raises them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.apps import apps as installed

from apps.core import problems
from apps.core.errors import DomainError

_NEVER_RAISE = {"migrations", "management"}


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One kind of refusal or failure: its stable code, what it says and what to do about it.

    `status` is the HTTP status of a refusal; None for what fails inside an execution, after the call was answered.
    """

    code: str
    status: int | None
    message: str
    hint: str = ""

    @property
    def area(self) -> str:
        """The part of the product that refuses: what stands before the dot."""
        return self.code.partition(".")[0]


_declared: dict[str, ErrorCode] = {}


def declare(*codes: ErrorCode) -> None:
    """Make codes known that no class carries. To be called while a module is loaded."""
    _declared.update({each.code: each for each in codes})


@cache
def error_codes() -> tuple[ErrorCode, ...]:
    """All codes in alphabetical order, so those of one area stand together. Imports every module of our apps once."""
    for app in installed.get_app_configs():
        if app.name.startswith("apps.") and app.module is not None:
            _import_below(app.name, list(app.module.__path__))
    found = dict(_declared)
    found |= {
        cls.code: ErrorCode(cls.code, cls.status, cls.default_message(), cls.default_hint)
        for cls in _subclasses(DomainError)
        if cls.__module__.startswith("apps.")
    }
    for status, code in problems.CODES.items():
        found.setdefault(code, ErrorCode(code, status, f"{problems.title(status)}."))
    return tuple(found[code] for code in sorted(found))


def _import_below(package: str, path: list[str]) -> None:
    for module in pkgutil.iter_modules(path, prefix=f"{package}."):
        if module.name.rpartition(".")[2] in _NEVER_RAISE:
            continue
        loaded = importlib.import_module(module.name)
        if module.ispkg:
            _import_below(module.name, list(loaded.__path__))


def _subclasses(cls: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)
