"""What is wrong with a definition, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.core.errors import DomainError, FieldError

Severity = Literal["error", "warning"]
Edit = Mapping[str, Any]
"""One change of a definition, as `apps.workflows.fixes` describes and applies it."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to mend something that a machine can go: what it does in words, and the changes."""

    title: str
    edits: tuple[Edit, ...]

    def as_dict(self) -> dict[str, Any]:
        """The fix as JSON."""
        return {"title": self.title, "edits": [dict(edit) for edit in self.edits]}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the lint has to say. An error keeps the definition from being published; a warning does not.

    `path` points into the definition (`nodes[2].params.url`); `node_id` is empty when no one node is meant. `fix` is a
    sentence for people; `fixes` are what a machine can do about it.
    """

    severity: Severity
    code: str
    path: str
    message: str
    fix: str = ""
    node_id: str = ""
    fixes: tuple[Fix, ...] = field(default=(), compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "severity": self.severity,
            "code": self.code,
            "path": self.path,
            "node_id": self.node_id,
            "message": self.message,
            "fix": self.fix,
            "fixes": [fix.as_dict() for fix in self.fixes],
        }

    def as_field_error(self) -> FieldError:
        """The finding as a member of a problem document's `errors`."""
        return FieldError(path=self.path, message=self.message, code=self.code, hint=self.fix)


class GraphInvalid(DomainError):
    """This definition cannot run."""

    code = "workflows.definition_invalid"
    status = 400
    default_hint = "Mend what `errors` lists; `validate` shows the same findings without saving anything."

    def __init__(self, findings: Sequence[Finding], message: str | None = None) -> None:
        self.findings = tuple(findings)
        count = len(self.findings)
        first = f" {self.findings[0].message}" if self.findings else ""
        super().__init__(
            message or f"The definition has {count} error{'' if count == 1 else 's'}.{first}",
            errors=[finding.as_field_error() for finding in self.findings],
        )


def error(code: str, path: str, message: str, fix: str = "", *, node_id: str = "") -> Finding:
    """A finding that keeps the definition from being published."""
    return Finding("error", code, path, message, fix, node_id)


def warning(code: str, path: str, message: str, fix: str = "", *, node_id: str = "") -> Finding:
    """A finding worth a look that keeps nothing from running."""
    return Finding("warning", code, path, message, fix, node_id)


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of the findings that keep the definition from running."""
    return tuple(finding for finding in findings if finding.severity == "error")
