"""Domain errors as problem documents (RFC 9457). The one place where an error becomes an answer."""

from __future__ import annotations

from typing import Any

from apps.core.errors import DomainError

CONTENT_TYPE = "application/problem+json"
_TITLES = {
    400: "The request is wrong",
    401: "Sign-in needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be done as asked",
    429: "Too many requests",
    500: "The product failed",
    503: "Not available right now",
}

CODES = {
    400: "core.invalid",
    401: "core.unauthenticated",
    403: "core.forbidden",
    404: "core.not_found",
    405: "core.method_not_allowed",
    406: "core.not_acceptable",
    413: "core.too_large",
    415: "core.unsupported_media_type",
    429: "core.too_many_requests",
    500: "core.failed",
}
"""The code of a refusal that no class of ours stands for, by its status."""


def title(status: int) -> str:
    """A status in words."""
    return _TITLES.get(status, "The request failed")


def document(
    *, status: int, detail: str, code: str, hint: str = "", errors: Any = (), instance: str = "", **extra: Any
) -> dict[str, Any]:
    """A problem document. `code` is stable and meant for programs; `detail` and `hint` are meant for people."""
    found: dict[str, Any] = {
        "type": f"/docs/errors#{code}",
        "title": title(status),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if hint:
        found["hint"] = hint
    if errors:
        found["errors"] = list(errors)
    if instance:
        found["instance"] = instance
    return found | extra


def of(error: DomainError, *, instance: str = "") -> dict[str, Any]:
    """The problem document of a domain error."""
    return document(
        status=error.status,
        detail=error.message,
        code=error.code,
        hint=error.hint,
        errors=[finding.as_dict() for finding in error.errors],
        instance=instance,
        **error.extra,
    )
