"""`ctx.code`: the engine's side of `nodes.contract.Code`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apps.core import egress
from apps.core.sandbox import choice
from apps.core.sandbox.job import Answer, CodeFailed, Job, Limits
from apps.nodes.contract import CodeAnswer, Language, NodeError


class NodeCode:
    """The sandbox for one attempt of one node: what code prints becomes lines of its log."""

    def __init__(self, log: Callable[[str], None], seconds: float) -> None:
        self._log, self._seconds = log, seconds

    def run(
        self,
        *,
        language: Language,
        source: str,
        values: Mapping[str, Any],
        seconds: float = 10.0,
        memory_mb: int = 256,
    ) -> CodeAnswer:
        """Run it once, see `nodes.contract.Code.run`."""
        answer = self._answer(Job(language, source, values, limits=Limits(seconds, memory_mb)))
        return CodeAnswer(answer.results[0], answer.lines)

    def run_each(
        self,
        *,
        language: Language,
        source: str,
        values: Mapping[str, Any],
        rounds: Sequence[Mapping[str, Any]],
        seconds: float = 10.0,
        memory_mb: int = 256,
    ) -> CodeAnswer:
        """Run it once for each round, see `nodes.contract.Code.run_each`."""
        answer = self._answer(Job(language, source, values, rounds, Limits(seconds, memory_mb)))
        return CodeAnswer(answer.results, answer.lines)

    def _answer(self, job: Job) -> Answer:
        try:
            answer = choice.run(job, patience=max(1.0, self._seconds - job.limits.seconds), is_unwanted=egress.was_cut)
        except CodeFailed as failed:
            self._say(failed.lines)
            raise NodeError(
                f"code.{failed.kind}",
                failed.message,
                failed.hint,
                retryable=failed.kind == "busy",
                details=failed.details or None,
            ) from None
        self._say(answer.lines)
        return answer

    def _say(self, lines: Sequence[str]) -> None:
        for line in lines:
            if line.strip():
                self._log(line)
