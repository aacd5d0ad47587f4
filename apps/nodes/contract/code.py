"""Running code that people wrote: what a node may ask of the sandbox."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, TypeAlias

from pydantic import AfterValidator

from apps.nodes.contract.declare import Json

Language: TypeAlias = Literal["python", "javascript"]

_WORDS_OF_JAVASCRIPT: Final = """
arguments await case catch const debugger default delete do enum eval export extends false function implements
instanceof interface let new null package private protected public static super switch this throw true typeof var void
"""


def _nameable(name: str) -> str:
    is_name = name.isascii() and name.isidentifier()
    if not is_name or keyword.iskeyword(name) or name in _WORDS_OF_JAVASCRIPT.split():
        raise ValueError(
            f"“{name[:60]}” is no name for a variable: letters, digits and _, and no word of the language."
        )
    return name


Variable = Annotated[str, AfterValidator(_nameable)]
"""A name that variables can have in either language."""


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What the code returned, and the lines it printed. They stand in the node's log already."""

    result: Json
    lines: Sequence[str] = ()


class Code(Protocol):
    """The sandbox: no network, no files, no credentials, no environment, and a fresh process for each call.

    Code is the body of a function whose variables are the values given: it answers with `return`. It blocks, so the
    node that calls it is no pure one.
    """

    def run(
        self,
        *,
        language: Language,
        source: str,
        values: Mapping[str, Json],
        seconds: float = 10.0,
        memory_mb: int = 256,
    ) -> CodeAnswer:
        """Run it once. Raises `NodeError` with `code.syntax`, `code.raised`, `code.timeout`, `code.memory`, …"""
        ...

    def run_each(
        self,
        *,
        language: Language,
        source: str,
        values: Mapping[str, Json],
        rounds: Sequence[Mapping[str, Json]],
        seconds: float = 10.0,
        memory_mb: int = 256,
    ) -> CodeAnswer:
        """Run it once for each round's variables, which all have the same names, in one process; `result` is a list.

        The limits are for all rounds together. Raises as `run` does, `details` naming the round as `at`.
        """
        ...
