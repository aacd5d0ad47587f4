"""What there is to say of a definition, by everybody who has something to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor
from apps.workflows import selectors
from apps.workflows.credential_checks import credential_findings
from apps.workflows.fixes import with_fixes
from apps.workflows.graph import Finding, draft_of, errors_in
from apps.workflows.lint import lint
from apps.workflows.model_checks import model_findings

Json = Any


@dataclass(frozen=True, slots=True)
class Judged:
    """A definition, looked at for one actor of one workspace."""

    findings: tuple[Finding, ...]
    node_ports: dict[str, list[str]]
    """The ports by which each sound node can be left, by node id."""

    @property
    def is_valid(self) -> bool:
        """Whether it could be published."""
        return not errors_in(self.findings)


def judge(workspace_id: UUID, definition: Json, actor: Actor) -> Judged:
    """The lint, the credentials the actor may use, the models and variables there are. Nothing is saved or run."""
    found = credential_findings(workspace_id, definition, actor) + model_findings(workspace_id, definition)
    found += lint(definition, variables=selectors.variable_keys(workspace_id, definition))
    draft, _structural = draft_of(definition)
    found = with_fixes(found, draft, definition)
    return Judged(found, {node.id: list(node.ports) for node in draft.nodes.values()})
