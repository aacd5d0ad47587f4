"""Executions as compressed JSON lines in object storage, written before they are deleted."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.executions import payloads
from apps.executions.models import Artifact, Execution, NodeRun, Step, Wait

MAX_BYTES = 64_000_000
"""How much JSON one file holds, about; a single execution may be larger."""


def archived(workspace_id: UUID, ids: list[UUID]) -> list[UUID]:
    """Write a file of these executions, or of the first of them when they are many. Returns which are in it.

    One line per execution: its row with `node_runs`, `steps`, `waits` and `artifacts`, values that were kept outside
    their rows included. Written again, the file is the same. Must run inside `tenant()`. Raises `StorageAway`.
    """
    rows = Execution.objects.filter(workspace_id=workspace_id, id__in=ids).in_bulk()
    done: list[UUID] = []
    raw, size = io.BytesIO(), 0
    # Without a time in its head, so that the same rows give the same file.
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        for execution_id in ids:
            if execution_id in rows:
                line = payloads.dump(_line(rows[execution_id])).encode() + b"\n"
                if done and size + len(line) > MAX_BYTES:
                    break
                file.write(line)
                size += len(line)
            done.append(execution_id)
    if size:
        day = rows[next(one for one in done if one in rows)].created_at
        key = f"{workspace_id}/archive/{day:%Y/%m/%d}/{done[0]}.jsonl.gz"
        payloads.storage().put(key, raw.getvalue(), content_type="application/gzip")
    return done


def _line(execution: Execution) -> dict[str, Any]:
    of_it = {"workspace_id": execution.workspace_id, "execution_id": execution.id}
    return _plain(execution, ("input", "output", "response")) | {
        "node_runs": [
            _plain(run, ("params", "input", "output", "suspended"))
            for run in NodeRun.objects.filter(**of_it).order_by("started_at", "node_id", "path")
        ],
        "steps": [
            _plain(step, ("result",))
            for step in Step.objects.filter(**of_it).order_by("started_at", "node_id", "path", "key")
        ],
        "waits": [_plain(wait) for wait in Wait.objects.filter(**of_it).order_by("opened_at", "id")],
        "artifacts": [_plain(row) for row in Artifact.objects.filter(**of_it).order_by("created_at", "id")],
    }


def _plain(row: Any, large: Iterable[str] = ()) -> dict[str, Any]:
    found = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.column}
    references = found.pop("by_reference", None) or {}
    for name in large:
        if name in references:
            try:
                found[name] = json.loads(payloads.read(row.workspace_id, references[name]))
            except payloads.ObjectMissing:
                found[name] = {"missing": references[name]}
    return found
