"""The door through which nodes of this process reach other systems."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core import clock, egress
from apps.core.egress import EgressError
from apps.executions import circuits
from apps.nodes.contract import Http, HttpAnswer


def door(workspace_id: UUID | None = None, *, signed_by: str = "") -> Http:
    """The process's door with the operator's policy; its connections are kept alive and shared between threads.

    For a workspace, systems that keep failing are left alone for a while; `signed_by` names the credential of calls
    that fail together, whatever host they go to.
    """
    return plain() if workspace_id is None else guarded(plain(), workspace_id, signed_by=signed_by)


def plain() -> egress.HttpDoor:
    """The process's door with the operator's policy, which asks nobody."""
    return egress.door(egress.Policy.of(settings.EGRESS_ALLOW))


def guarded(inner: Http, workspace_id: UUID, *, signed_by: str = "") -> Http:
    """The same door for a workspace, see `door`."""
    return GuardedDoor(inner, workspace_id, signed_by)


class GuardedDoor:
    """A door that asks before each call whether the system is left alone, and notes what became of it.

    Only what the other side is to blame for counts: it was not reached, did not answer, or answered 429 or 5xx.
    """

    __slots__ = ("_inner", "_signed_by", "_workspace_id")

    def __init__(self, inner: Http, workspace_id: UUID, signed_by: str = "") -> None:
        self._inner, self._workspace_id, self._signed_by = inner, workspace_id, signed_by

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, timeout: float = 30.0, **given: Any
    ) -> HttpAnswer:
        """As `Http.request`. Raises `CircuitOpen` without having sent anything while the system is left alone."""
        target = self._signed_by or circuits.target_of(url)
        is_watched = circuits.before(self._workspace_id, target, timeout=timeout)
        try:
            answer = self._inner.request(method, url, headers=headers, timeout=timeout, **given)
        except EgressError as failed:
            if failed.is_other_side:
                circuits.after_failure(self._workspace_id, target, failed.message)
            raise
        if answer.status == 429 or answer.status >= 500:
            pause = _seconds(answer.headers.get("retry-after", ""))
            circuits.after_failure(self._workspace_id, target, f"Status {answer.status}.", asked_seconds=pause)
        elif is_watched:
            circuits.after_success(self._workspace_id, target)
        return answer


class Circuits:
    """The circuits of one workspace, for those who call others by a way of their own: `apps.ai.gateway.Circuit`."""

    __slots__ = ("_workspace_id",)

    def __init__(self, workspace_id: UUID) -> None:
        self._workspace_id = workspace_id

    def before(self, target: str, *, timeout: float) -> bool:
        """Whether it has failed lately. Raises `CircuitOpen` while it is left alone."""
        return circuits.before(self._workspace_id, target, timeout=timeout)

    def failed(self, target: str, error: str, *, asked_seconds: float = 0.0) -> None:
        """A call failed because of the other side, which may have asked to wait."""
        circuits.after_failure(self._workspace_id, target, error, asked_seconds=asked_seconds)

    def succeeded(self, target: str) -> None:
        """A system that had failed answered."""
        circuits.after_success(self._workspace_id, target)

    def left(self, target: str) -> None:
        """A call that was let through was not made."""
        circuits.after_leaving(self._workspace_id, target)


def _seconds(header: str) -> float:
    """How long a Retry-After asks to wait; 0 when it cannot be read."""
    if header.strip().isdigit() and len(header.strip()) < 10:
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - clock.now()).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0
