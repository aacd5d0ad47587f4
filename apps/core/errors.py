"""The one family of errors a person is meant to read.

A domain error says what could not be done, why, and what to do next. It carries a stable `code`
(`executions.blocked_by_pause`) and the HTTP status it means; `core.problems` turns it into a problem document
(RFC 9457), the pages turn it into a toast, the engine into a node run's error. Anything else that is raised is a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One finding inside a request or a definition: where (a path such as `nodes[2].params.url`) and what."""

    path: str
    message: str
    code: str = ""
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """The finding as JSON, without empty members."""
        found = {"path": self.path, "message": self.message, "code": self.code, "hint": self.hint}
        return {key: value for key, value in found.items() if value or key in ("path", "message")}


class DomainError(Exception):
    """Something the product refuses to do. A subclass's docstring is its default message."""

    code: ClassVar[str] = "core.refused"
    status: ClassVar[int] = 400
    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.message = message or self.default_message()
        self.hint = self.default_hint if hint is None else hint
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.extra = extra
        super().__init__(self.message)

    @classmethod
    def default_message(cls) -> str:
        """The first paragraph of the class's docstring, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


class NotFound(DomainError):
    """Nothing with this address exists here, or it belongs to someone else."""

    code = "core.not_found"
    status = 404


class Invalid(DomainError):
    """The request cannot be understood."""

    code = "core.invalid"
    status = 400


class Forbidden(DomainError):
    """You may not do this."""

    code = "core.forbidden"
    status = 403


class Unauthenticated(DomainError):
    """Sign in, or send an API key as `Authorization: Bearer …`."""

    code = "core.unauthenticated"
    status = 401


class Conflict(DomainError):
    """Something else already holds this place."""

    code = "core.conflict"
    status = 409


class TooLarge(DomainError):
    """This is larger than the product accepts."""

    code = "core.too_large"
    status = 413


class Unavailable(DomainError):
    """A part of the product cannot be reached right now. Try again in a few seconds."""

    code = "core.unavailable"
    status = 503
