"""Decisions as a file: what was asked, what became of it, who said what, and the events that prove it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from apps.core import sheets
from apps.hil.models import Assurance, Interaction

MOST = 10_000
"""How many are in one file: the latest."""
COLUMNS = (
    *("id", "workflow", "workflow_id", "version", "execution_id", "node_id", "path", "kind", "title", "shown_digest"),
    *("created_at", "deadline_at", "closed_at", "status", "outcome", "answered_by", "via", "assurance", "comment"),
    *("audit_id", "votes"),
)


def as_dict(row: Interaction) -> dict[str, Any]:
    """One question with its votes, read with `selectors.decisions`."""
    level = row.answered_assurance
    return {
        "id": str(row.id),
        "workflow": row.workflow.name,
        "workflow_id": str(row.workflow_id),
        "version": row.execution.version.number,
        "execution_id": str(row.execution_id),
        "node_id": row.node_id,
        "path": row.path,
        "kind": row.kind,
        "title": row.title,
        "shown_digest": row.shown_digest,
        "created_at": row.created_at.isoformat(),
        "deadline_at": row.deadline_at.isoformat() if row.deadline_at else None,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "status": row.status,
        "outcome": row.outcome,
        "answered_by": row.answered_by,
        "via": row.answered_via,
        "assurance": Assurance(level).label if level is not None else None,
        "comment": row.comment,
        "audit_id": str(row.audit_id) if row.audit_id else None,
        "votes": [
            {
                "by": vote.label,
                "voter": vote.voter,
                "outcome": vote.outcome,
                "comment": vote.comment,
                "via": vote.via,
                "assurance": Assurance(vote.assurance).label,
                "evidence": vote.evidence,
                "at": vote.at.isoformat(),
                "is_deciding": vote.is_deciding,
                "audit_id": str(vote.audit_id) if vote.audit_id else None,
            }
            for vote in sorted(row.votes.all(), key=lambda vote: vote.id)
        ],
    }


def as_json(rows: Iterable[Interaction]) -> str:
    """A JSON array."""
    return json.dumps([as_dict(row) for row in rows], ensure_ascii=False, indent=1)


def as_csv(rows: Iterable[Interaction]) -> str:
    """Rows for a spreadsheet, with a head."""
    known = map(as_dict, rows)
    return sheets.as_csv([COLUMNS, *([each[name] for name in COLUMNS] for each in known)])
