"""A piece of code to run, how much it may take, what came of it, and why nothing did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

Language: TypeAlias = Literal["python", "javascript"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Kind: TypeAlias = Literal[
    "syntax",
    "raised",
    "timeout",
    "memory",
    "crashed",
    "result_not_json",
    "result_too_large",
    "input_too_large",
    "output_too_large",
    "unavailable",
    "busy",
    "too_much",
    "stopped",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take. `seconds` of wall clock and, apart, of processor time."""

    seconds: float = 10.0
    memory_mb: int = 256


@dataclass(frozen=True, slots=True)
class Job:
    """Source, and the variables it sees. It runs once for each round, in order, in one process.

    `values` are there in each round, beside its own; every round has the same names.
    """

    language: Language
    source: str
    values: Mapping[str, Any]
    rounds: Sequence[Mapping[str, Any]] = ({},)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Answer:
    """What each round returned, and the lines the code printed; `is_cut` when there were more."""

    results: list[Any]
    lines: list[str]
    is_cut: bool = False


class CodeFailed(Exception):
    """Code could not be run, or did not come to an end. `details` say where: `line`, `trace`, `at` (the round)."""

    def __init__(
        self,
        kind: Kind,
        message: str,
        hint: str,
        *,
        lines: Sequence[str] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind, self.message, self.hint = kind, message, hint
        self.lines, self.details = list(lines), dict(details or {})
        super().__init__(message)
