"""One row of the table: what goes on, what breaks, what must show, and how large it is."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.chaos.world import World

SEED = int(os.environ.get("CHAOS_SEED", "2026"))
Sizes = Mapping[str, int]


@dataclass
class Outcome:
    """What was measured, and every promise that was not kept."""

    figures: dict[str, Any] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    def must(self, is_kept: bool, promise: str) -> None:
        """Note a promise that was not kept."""
        if not is_kept:
            self.breaches.append(promise)

    def blame(self, *found: Sequence[str]) -> None:
        """Note what somebody else found."""
        for each in found:
            self.breaches += each


class Scenario(ABC):
    """A fault, and what must show. `small` is what `make test` takes, `full` what `make chaos` takes;
    without a `small` it is not played by `make test`.

    `slack` among the sizes is how often the promised time may pass: the tests share their machine, `make chaos` has it.
    """

    row: ClassVar[str]
    fault: ClassVar[str]
    must: ClassVar[str]
    small: ClassVar[Sizes]
    full: ClassVar[Sizes]
    workers: ClassVar[int] = 2
    small_seconds: ClassVar[int] = 5  # about, so that long ones can begin first

    @abstractmethod
    def run(self, world: World, size: Sizes) -> Outcome:
        """Let it happen in a world of which nobody else uses the same workflows."""
