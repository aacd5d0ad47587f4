"""One attempt at one model: what it may cost is set aside before, what it did cost is written down after.

Both are one statement, in a transaction of its own, on a connection that is held no longer: whoever waits for a model
holds none. Both may be said again, so a broken connection costs nothing but time.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from apps.ai.ledger import notices
from apps.ai.ledger.failures import refusal, unreachable
from apps.ai.models import ANSWERED
from apps.core import clock
from apps.core.ids import uuid7
from apps.core.tenancy import tenant_statement
from apps.nodes.contract import Attempt, ModelRef

if TYPE_CHECKING:
    from apps.ai.gateway import Caller

logger = logging.getLogger(__name__)

BEGIN_SECONDS = 15.0
"""For so long a call waits for the database before it is refused."""
END_SECONDS = 900.0
"""For so long what a call cost waits to be written down."""
_T = TypeVar("_T")

# Nobody waits for the disk before a call: if the database breaks down that moment, it forgets what was set aside as a
# whole, and `end` counts the call all the same.
_BEGIN = """
SELECT ai_call_begin(jsonb_populate_record(NULL::ai_open_call, %(call)s::jsonb))
FROM set_config('synchronous_commit', 'off', true)
"""
_END = """
SELECT ai_call_end(jsonb_populate_record(NULL::ai_call, %(call)s::jsonb), %(uses)s::uuid[], %(most)s::numeric,
                   %(most_tokens)s::bigint, %(counted)s::numeric)
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that may be sent, and what was set aside for it."""

    id: UUID
    caller: Caller
    ref: ModelRef
    step: str
    purpose: str
    most: Decimal | None
    most_tokens: int
    at: datetime
    uses: tuple[UUID, ...] = ()


def begin(
    caller: Caller, ref: ModelRef, *, step: str, purpose: str, most: Decimal | None, most_tokens: int = 0
) -> Begun:
    """Set aside what a call may cost with every budget it counts against, or with none of them.

    `most`: US dollars, None where no price is known; `most_tokens`: in and out together, 0 where nothing is known: a
    budget in tokens then refuses only when it is used up. Raises `NodeError` before anything is sent:
    `ai.budget_reached`, `ai.price_unknown`, or `ai.ledger_unreachable` when the database does not answer for 15 s.
    `end` must follow; what nobody ends is written down as lost after an hour.
    """
    begun = Begun(uuid7(), caller, ref, step, purpose, most, most_tokens, clock.now())
    call = _call(begun) | {"most": None if most is None else str(most), "most_tokens": most_tokens, "uses": []}
    workspace_id = caller.workspace_id
    try:
        ((found,),) = _said(lambda: tenant_statement(workspace_id, _BEGIN, {"call": json.dumps(call)}), BEGIN_SECONDS)
    except (OperationalError, InterfaceError) as away:
        raise unreachable() from away
    found = json.loads(found) if isinstance(found, str) else found
    if "refused" not in found:
        return Begun(begun.id, caller, ref, step, purpose, most, most_tokens, begun.at, tuple(map(UUID, found["uses"])))
    if found["refused"] != "price" and found["told"] < notices.REACHED:
        _tell(workspace_id, [UUID(found["use"])], is_reached=True)
    raise refusal(found, model=f"{ref.provider}/{ref.model}", most=most, most_tokens=most_tokens)


def end(begun: Begun, attempt: Attempt) -> None:
    """Write down what became of a call, and settle what was set aside for it. Counts once, however often it is said.

    Waits for the database up to 15 minutes; then raises `OperationalError`, and the call stands in the ledger as lost.
    """
    usage = attempt.usage
    call = _call(begun) | usage.model_dump() | {"outcome": attempt.outcome, "ms": round(attempt.seconds * 1000)}
    call["cost"] = None if attempt.cost is None else str(attempt.cost)
    given = {
        "call": json.dumps(call),
        "uses": list(begun.uses),
        "most": begun.most,
        "most_tokens": begun.most_tokens,
        "counted": counted(attempt, begun.most),
    }
    workspace_id = begun.caller.workspace_id
    rows = _said(lambda: tenant_statement(workspace_id, _END, given), END_SECONDS)
    if rows:
        _tell(workspace_id, [use for (use,) in rows])


def counted(attempt: Attempt, most: Decimal | None) -> Decimal:
    """What a budget in dollars counts for an attempt: its cost; where that is not known, nothing if it was refused
    before a token was used, else all that was set aside.
    """
    if attempt.cost is not None:
        return attempt.cost
    is_unused = attempt.outcome != ANSWERED and not (attempt.usage.input or attempt.usage.output)
    return Decimal(0) if most is None or is_unused else most


def _call(begun: Begun) -> dict[str, Any]:
    """What both tables of calls have."""
    caller, ref = begun.caller, begun.ref
    return {
        "id": str(begun.id),
        "workspace_id": str(caller.workspace_id),
        "workflow_id": str(caller.workflow_id) if caller.workflow_id else None,
        "execution_id": str(caller.execution_id) if caller.execution_id else None,
        "node_id": caller.node_id,
        "path": caller.path,
        "step": begun.step,
        "purpose": begun.purpose,
        "provider": ref.provider,
        "model": ref.model,
        "credential_id": str(ref.credential) if ref.credential else None,
        "is_test": caller.is_test,
        "at": begun.at.isoformat(),
    }


def _tell(workspace_id: UUID, uses: list[UUID], *, is_reached: bool = False) -> None:
    """Let people know. Where it fails the next call tries again; no call fails because of it."""
    try:
        notices.budgets_tell(workspace_id=workspace_id, uses=uses, is_reached=is_reached, now=clock.now())
    except (OperationalError, InterfaceError):
        logger.warning("nobody could be told of budgets %s yet", uses, exc_info=True)
    finally:
        _let_go()


def _said(statement: Callable[[], _T], seconds: float) -> _T:
    """What the statement gives, as soon as the database answers. Raises what it refuses when the time is over."""
    until, pause = time.monotonic() + seconds, 0.1
    while True:
        try:
            return statement()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + pause > until or connection.in_atomic_block:
                raise
            logger.warning("the ledger waits for the database: %s", str(error).strip().partition("\n")[0])
            _let_go()
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
        finally:
            _let_go()


def _let_go() -> None:
    if not connection.in_atomic_block:  # a caller's own transaction goes on
        connection.close()
