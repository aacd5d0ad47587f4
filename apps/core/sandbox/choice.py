"""Which jail runs code here, and running it there: as many at once as the machine has room for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from apps.core.sandbox import selftest
from apps.core.sandbox.jail import TIERS, Tier
from apps.core.sandbox.job import LANGUAGES, Answer, CodeFailed, Job, Language, Limits
from apps.core.sandbox.run import run_in

OFF, AUTO = "off", "auto"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the self-test said of one tier for one language; `fault` is empty when it holds."""

    tier: Tier
    language: Language
    fault: str


def verdicts(language: Language) -> tuple[Verdict, ...]:
    """The self-test of the tiers that may be used, best first, up to the first that holds.

    Done once per process; where none holds, again after a minute.
    """
    with _testing:
        known = _tested.get(language)
        if known is not None and (not known[1][-1].fault or time.monotonic() < known[0] + PATIENCE_SECONDS):
            return known[1]
        found: list[Verdict] = []
        for tier in TIERS:
            if settings.SANDBOX_TIER in (AUTO, tier):
                found.append(Verdict(tier, language, selftest.fault(tier, language)))
                if not found[-1].fault:
                    break
        _tested[language] = time.monotonic(), tuple(found)
        return _tested[language][1]


def forget() -> None:
    """Test again when the next run wants to know."""
    with _testing:
        _tested.clear()


def tier_of(language: Language) -> Tier:
    """The tier that runs this language here. Raises `CodeFailed` when there is none, with what to install."""
    if settings.SANDBOX_TIER == OFF:
        message = "Running code is switched off on this installation."
        raise CodeFailed("unavailable", message, "An operator switches it on with SANDBOX_TIER=auto.")
    tested = verdicts(language)
    for verdict in tested:
        if not verdict.fault:
            return verdict.tier
    words = " ".join(f"{verdict.tier}: {verdict.fault}" for verdict in tested)
    raise CodeFailed(
        "unavailable",
        f"There is no sandbox on this machine that {language} code can be run in. {words}",
        "An operator installs what is missing; `manage.py doctor` lists it.",
    )


def run(job: Job, *, patience: float = 60.0, is_unwanted: Callable[[], bool] = lambda: False) -> Answer:
    """Run code in the best jail there is. Raises `CodeFailed`.

    Blocks; before it begins it waits at most `patience` seconds for its turn. Its process ends when `is_unwanted` says
    that nobody wants the answer any more, which is asked five times a second.
    """
    tier = tier_of(job.language)
    _check(job.limits)
    if not job.rounds:
        return Answer([], [])
    if not _turns().acquire(timeout=max(0.0, patience)):
        message = f"No place to run code became free within {patience:g} s."
        raise CodeFailed("busy", message, "Raise SANDBOX_PARALLEL, or start fewer at once.")
    try:
        return run_in(tier, job, is_unwanted=is_unwanted)
    finally:
        _turns().release()


def _check(limits: Limits) -> None:
    for asked, most, unit, name in (
        (limits.seconds, settings.SANDBOX_MAX_SECONDS, "s", "SANDBOX_MAX_SECONDS"),
        (limits.memory_mb, settings.SANDBOX_MAX_MEMORY_MB, "MB", "SANDBOX_MAX_MEMORY_MB"),
    ):
        if asked > most:
            message = f"The node asks for {asked:g} {unit} for its code; this installation gives at most {most} {unit}."
            raise CodeFailed("too_much", message, f"Lower the node's limit. An operator can raise {name}.")


def warm() -> None:
    """Find out now what the first run would have to wait for."""
    for language in LANGUAGES:
        try:
            tier_of(language)
        except CodeFailed:
            continue


_testing = threading.Lock()
_tested: dict[Language, tuple[float, tuple[Verdict, ...]]] = {}


@cache
def _turns() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(settings.SANDBOX_PARALLEL or 2 * (os.cpu_count() or 1))
