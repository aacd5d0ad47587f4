"""The values a running node may keep: the engine's side of `nodes.contract.Values`."""

from __future__ import annotations

import json
import math
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.core.jsonkind import kind_of
from apps.executions import values
from apps.executions.values import Change, Decide, Kept, Place, ValueMismatch
from apps.nodes.contract import NodeError, ValueScope

_LARGEST = 2**63


class NodeValues:
    """The values one attempt of one node sees. Each change is made once under the attempt's idempotency key.

    Several changes of one attempt are told apart by their order, so a node makes them in the same order each time.
    """

    def __init__(self, *, workspace_id: UUID, workflow_id: UUID, idempotency_key: str) -> None:
        self._workspace_id, self._workflow_id = workspace_id, workflow_id
        self._key = idempotency_key
        self._count = 0

    def under(self, idempotency_key: str) -> NodeValues:
        """The same values, for changes made under another key."""
        return NodeValues(
            workspace_id=self._workspace_id, workflow_id=self._workflow_id, idempotency_key=idempotency_key
        )

    def get(self, key: str, *, scope: ValueScope = "workspace") -> dict[str, Any]:
        """What stands there."""
        try:
            kept = values.value_read(place=self._place(key, scope))
        except (OperationalError, InterfaceError) as away:
            raise _away(is_unknown=False) from away
        except DomainError as refused:
            raise _refused(refused) from None
        if kept is None:
            return {"found": False, "value": None, "revision": 0, "expires_at": None}
        expires_at = kept.expires_at and kept.expires_at.isoformat()
        return {"found": True, "value": kept.value, "revision": kept.revision, "expires_at": expires_at}

    def set(
        self, key: str, value: Any, *, ttl_seconds: float | None = None, scope: ValueScope = "workspace"
    ) -> dict[str, Any]:
        """Put it there, whatever was there."""
        clean = jsonclean.cleaned(value)

        def decide(now: Kept | None) -> Change:
            return Change({"found": now is not None, "changed": True}, clean, ttl_seconds=ttl_seconds)

        return self._change(key, scope, decide) | {"value": clean}

    def delete(self, key: str, *, scope: ValueScope = "workspace") -> dict[str, Any]:
        """Leave nothing there."""

        def decide(now: Kept | None) -> Change:
            return Change({"found": now is not None, "changed": now is not None}, is_kept=False)

        return self._change(key, scope, decide) | {"value": None}

    def increment(
        self, key: str, by: float = 1, *, ttl_seconds: float | None = None, scope: ValueScope = "workspace"
    ) -> dict[str, Any]:
        """Add to the number there."""

        def decide(now: Kept | None) -> Change:
            start = 0 if now is None else now.value
            if isinstance(start, bool) or not isinstance(start, int | float):
                raise ValueMismatch(f"“{key}” holds {kind_of(start)}, to which nothing can be added.")
            total = start + by
            if not math.isfinite(total) or abs(total) >= _LARGEST:
                raise ValueMismatch(f"“{key}” would become larger than a counter can be.")
            told = {"found": now is not None, "changed": True, "value": total}
            return Change(told, total, ttl_seconds=ttl_seconds, keeps_expiry=True)

        return self._change(key, scope, decide)

    def append(
        self,
        key: str,
        value: Any,
        *,
        keep_last: int | None = None,
        ttl_seconds: float | None = None,
        scope: ValueScope = "workspace",
    ) -> dict[str, Any]:
        """Add to the end of the list there."""
        clean = jsonclean.cleaned(value)

        def decide(now: Kept | None) -> Change:
            items = [] if now is None else now.value
            if not isinstance(items, list):
                raise ValueMismatch(f"“{key}” holds {kind_of(items)}, not a list.")
            items = [*items, clean][-keep_last if keep_last else 0 :]
            told = {"found": now is not None, "changed": True, "length": len(items)}
            return Change(told, items, ttl_seconds=ttl_seconds, keeps_expiry=True)

        return self._change(key, scope, decide) | {"value": clean}

    def compare_and_set(
        self,
        key: str,
        expected: Any,
        value: Any,
        *,
        ttl_seconds: float | None = None,
        scope: ValueScope = "workspace",
    ) -> dict[str, Any]:
        """Put it there if what is expected stands there."""
        clean = jsonclean.cleaned(value)

        def decide(now: Kept | None) -> Change:
            is_same = _is_same(None if now is None else now.value, expected)
            told = {"found": now is not None, "changed": is_same}
            if is_same:
                return Change(told | {"value": clean}, clean, ttl_seconds=ttl_seconds)
            seen = {"revision": now.revision if now else 0, "value": now.value if now else None}
            return Change(told | seen, is_changed=False)

        return self._change(key, scope, decide)

    def _change(self, key: str, scope: ValueScope, decide: Decide) -> dict[str, Any]:
        self._count += 1
        once = f"{self._key}/{self._count}"
        try:
            done = values.value_change(place=self._place(key, scope), decide=decide, once=once)
        except (OperationalError, InterfaceError) as away:
            raise _away(is_unknown=True) from away
        except DomainError as refused:
            raise _refused(refused) from None
        return {"found": False, "changed": False, "revision": 0, "expires_at": None} | done

    def _place(self, key: str, scope: ValueScope) -> Place:
        return Place(self._workspace_id, self._workflow_id if scope == "workflow" else None, key)


def _is_same(one: Any, other: Any) -> bool:
    # As the database sees it: 1 is 1.0, but neither is true.
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb = %s::jsonb", [json.dumps(one), json.dumps(jsonclean.cleaned(other))])
        return bool(cursor.fetchone()[0])


def _away(*, is_unknown: bool) -> NodeError:
    connection.close()
    return NodeError(
        "values.unavailable",
        "The database could not be reached.",
        "It is tried again under the same key, so nothing is counted twice.",
        retryable=True,
        is_unknown=is_unknown,
    )


def _refused(error: DomainError) -> NodeError:
    return NodeError(error.code.replace("executions.value", "values.value"), error.message, error.hint)
