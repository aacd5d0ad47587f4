"""One number for everything that follows from one request: its log lines, its executions, the calls those make.

The form is W3C Trace Context (https://www.w3.org/TR/trace-context/): a caller that sends `traceparent` goes on in its
own trace, any other request begins one. Executions keep it, so that a worker goes on with it days later.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
class Trace:
    """A place in a trace. `names` says what is being done, for the log: `execution_id`, `node_id`, …"""

    trace_id: str
    span_id: str
    flags: int = 1
    names: tuple[tuple[str, str], ...] = ()

    @property
    def header(self) -> str:
        """As `traceparent`, for whoever is called."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    @property
    def labels(self) -> dict[str, str]:
        """Trace and names, as a line of the log shows them."""
        return {"trace_id": self.trace_id, **dict(self.names)}


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def read(header: str | None) -> Trace | None:
    """The trace a `traceparent` names; None when it names none that is valid."""
    found = _HEADER.fullmatch(header) if header and len(header) < 200 else None
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return None
    if found[2] == _NO_TRACE or found[3] == _NO_SPAN:
        return None
    return Trace(found[2], found[3], int(found[4], 16) & 1)


def begun() -> Trace:
    """A new trace."""
    return Trace(secrets.token_hex(16), secrets.token_hex(8))


def current() -> Trace | None:
    """The trace of what this thread or task is doing; None outside of one."""
    return _current.get()


def labels() -> Mapping[str, str]:
    """What identifies what is being done: `trace_id` and names. Empty outside of a trace."""
    found = _current.get()
    return {} if found is None else found.labels


def header() -> str | None:
    """The `traceparent` of what is being done; None outside of a trace."""
    found = _current.get()
    return None if found is None else found.header


class within:  # noqa: N801  # a context manager, entered several times for each step of an execution
    """What happens inside belongs to this trace and is named so. Threads that asgiref starts inside see it, too."""

    __slots__ = ("_token", "_trace")

    def __init__(self, trace: Trace, **names: object) -> None:
        self._trace = named(trace, **names) if names else trace

    def __enter__(self) -> Trace:
        self._token = _current.set(self._trace)
        return self._trace

    def __exit__(self, *exc_info: object) -> None:
        _current.reset(self._token)


def named(trace: Trace, **names: object) -> Trace:
    """The same place, with more said about what is being done there."""
    added = tuple((name, str(value)) for name, value in names.items())
    return Trace(trace.trace_id, trace.span_id, trace.flags, trace.names + added)
