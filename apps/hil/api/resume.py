"""`POST executions/<id>/resume`: answer what an execution waits for, and see how it goes on."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.core import clock
from apps.core.errors import FieldError, Invalid
from apps.core.tenancy import tenant
from apps.executions import selectors as executions
from apps.executions.models import Execution
from apps.hil import selectors, services
from apps.hil.api import serializers as forms
from apps.hil.api.views import via_of
from apps.hil.errors import InteractionNotFound, NothingOpen, OutcomeMissing, SeveralOpen
from apps.hil.models import Interaction
from apps.hil.services import Answerer

WAIT_SECONDS = 10.0
_FIRST_LOOK, _LONGEST_PAUSE = 0.02, 0.25


class Resume(WorkspaceAPIView):
    """Answers through the same service, identity and rules as the inbox."""

    permissions = {"post": Permission.INTERACTION_ANSWER}
    manages_transaction = True  # nothing may be held open while it waits

    @extend_schema(request=forms.ResumeIn, responses={200: forms.ResumeOut, 202: forms.ResumeOut})
    def post(self, request: Request, execution: UUID) -> Response:
        """Answer, wait up to 10 s until the execution has ended or waits again, and say where it stands.

        202 when it was still going on after 10 s. With several open questions an `interaction_id` is needed. Without an
        outcome a question with one way out is answered by it (a form), and a choice is read from
        `resume_data.selected_option`; a text in `resume_data.comment` is the comment.
        """
        form = forms.ResumeIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        with tenant(self.workspace.id):
            found = executions.execution_get(workspace_id=self.workspace.id, execution_id=execution)
            asked = self._question(found, given.get("interaction_id"))
            answered = services.interaction_answer(
                workspace_id=self.workspace.id,
                interaction_id=asked.id,
                answerer=Answerer.of(self.actor, via_of(self.actor.kind)),
                outcome=_outcome(given, asked),
                comment=_comment(given),
                data=_data(given),
                now=clock.now(),
            )
            found.refresh_from_db(fields=["seq"])  # the answer holds the row: nothing has moved since
        has_moved = not answered.is_pending and self._follow(execution, after=found.seq)
        with tenant(self.workspace.id):
            now = executions.execution_get(workspace_id=self.workspace.id, execution_id=execution)
            output = executions.execution_value(execution=now, name="output")
            remaining = executions.execution_snapshot(execution=now)["remaining_nodes"]
        is_over = now.finished_at is not None
        document = {
            "execution_id": execution,
            "interaction_id": answered.id,
            "outcome": answered.outcome,
            "progress": answered.progress,
            "status": now.status,
            "message": _message(answered, now.status, is_over=is_over, has_moved=has_moved),
            "completed": is_over,
            "paused_again": not is_over and now.status == "WAITING_FOR_HUMAN" and (has_moved or answered.is_pending),
            "remaining_nodes": remaining,
            "has_moved": has_moved,
            "output": output,
            "error": now.error,
        }
        is_known = has_moved or answered.is_pending
        return Response(forms.ResumeOut(document).data, status=200 if is_known else 202)

    def _question(self, execution: Execution, named: UUID | None) -> Interaction:
        if named is not None:
            found = selectors.interaction_get(workspace_id=self.workspace.id, interaction_id=named)
            if found.execution_id != execution.id:
                raise InteractionNotFound("This execution has no such question.")
            return found
        asked = selectors.interaction_open_of(workspace_id=self.workspace.id, execution_id=execution.id)
        if not asked:
            raise NothingOpen(f"This execution waits for nobody's answer; it is {execution.status}.")
        if len(asked) > 1:
            listed = [
                {"id": str(row.id), "node_id": row.node_id, "title": row.title, "outcomes": row.allowed}
                for row in asked
            ]
            raise SeveralOpen(f"This execution waits for {len(asked)} answers.", interactions=listed)
        return asked[0]

    def _follow(self, execution_id: UUID, *, after: int) -> bool:
        """Whether the execution has gone on and stands again within ten seconds."""
        until, pause = time.monotonic() + WAIT_SECONDS, _FIRST_LOOK
        while True:
            with tenant(self.workspace.id):
                found = selectors.execution_standing(workspace_id=self.workspace.id, execution_id=execution_id)
            if found is None or (found[0] > after and found[1] not in ("NEW", "RUNNING")):
                return True
            if time.monotonic() + pause > until:
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)


def _message(answered: Interaction, status: str, *, is_over: bool, has_moved: bool) -> str:
    if answered.is_pending:
        return f"Recorded. The execution goes on when others have answered, too: {answered.progress}."
    if not has_moved:
        return "Recorded. The execution had not gone on within 10 s; it will."
    if is_over:
        return f"The execution went on and ended: {status}."
    return f"The execution went on and waits again: {status}."


def _outcome(given: dict[str, Any], asked: Interaction) -> str:
    named = {given[key] for key in ("outcome", "output_port") if given.get(key)}
    if given.get("approved") is not None:
        named.add("approved" if given["approved"] else "rejected")
    if not named:
        sent = given.get("resume_data")
        selected = sent.get("selected_option") if isinstance(sent, dict) else None
        if isinstance(selected, str) and selected in asked.allowed:
            return selected
        if len(asked.allowed) == 1 and (sent is not None or given.get("data") is not None):
            return asked.allowed[0]
        raise OutcomeMissing
    if len(named) > 1:
        message = f"These contradict each other: {', '.join(sorted(named))}."
        raise Invalid(message, errors=[FieldError("outcome", message)])
    found: str = named.pop()
    return found


def _comment(given: dict[str, Any]) -> str:
    sent = given.get("resume_data")
    inner = sent.get("comment") if isinstance(sent, dict) else None
    return given.get("comment") or (inner if isinstance(inner, str) else "")


def _data(given: dict[str, Any]) -> Any:
    return given["data"] if given.get("data") is not None else given.get("resume_data")
