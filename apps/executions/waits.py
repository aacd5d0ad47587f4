"""Answering many waits at once. One alone is `services.wait_resolve`."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.tenancy import tenant
from apps.executions.poke import poke


def waits_resolve(
    *, workspace_id: UUID, wait_ids: Collection[UUID], answer: dict[str, Any], by: str, now: datetime
) -> int:
    """Give all of these waits that are still open the same answer; their executions become due at once.

    Returns how many were open. Their executions are locked in the order of their ids, so that two such answers never
    wait for each other. The caller's own writes join the transaction when it opened `tenant()`.
    """
    if not wait_ids:
        return 0
    with tenant(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, queue FROM executions_execution WHERE id IN (
                   SELECT execution_id FROM executions_wait WHERE id = ANY(%s) AND resolved_at IS NULL)
               ORDER BY id FOR UPDATE""",
            [list(wait_ids)],
        )
        queues = dict(cursor.fetchall())
        cursor.execute(
            """UPDATE executions_wait SET resolved_at = %s, resolved_by = %s, answer = %s
               WHERE id = ANY(%s) AND resolved_at IS NULL AND execution_id = ANY(%s) RETURNING execution_id""",
            [now, by, json.dumps(answer), list(wait_ids), list(queues)],
        )
        resolved = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """UPDATE executions_execution SET runnable_at = clock_timestamp()
               WHERE id = ANY(%s) AND owner IS NULL AND hold IS NULL""",
            [resolved],
        )
        for queue in sorted({queues[execution_id] for execution_id in resolved}):
            poke(queue)
    return len(resolved)
