"""Questions, their answers and their links."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.core import clock
from apps.core.api.query import refuse_both
from apps.core.errors import FieldError, Invalid
from apps.hil import selectors, services
from apps.hil.api import serializers as forms
from apps.hil.models import Interaction, InteractionStatus, Priority, Via
from apps.hil.services import Answerer


class Interactions(WorkspaceViewSet):
    """What people are asked."""

    permissions = {
        "list": Permission.EXECUTION_READ,
        "retrieve": Permission.EXECUTION_READ,
        "answer": Permission.INTERACTION_ANSWER,
        "link": Permission.INTERACTION_ANSWER,
        "delegate": Permission.INTERACTION_ANSWER,
        "withdraw": Permission.EXECUTION_CANCEL,
        "history": Permission.EXECUTION_READ,
    }
    filters = {
        "list": ("status", "kind", "execution_id", "workflow", "workflow_id", "priority", "whose", "is_overdue"),
        "history": (),
    }
    serializer_class = forms.InteractionOut
    queryset = Interaction.objects.none()

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=forms.STATUSES, description="Only questions that stand like this."),
            OpenApiParameter(
                "kind", enum=forms.KINDS, description="REVIEW_UNKNOWN: steps whose outcome nobody saw, to be reviewed."
            ),
            OpenApiParameter("execution_id", OpenApiTypes.UUID, description="Only questions of this execution."),
            OpenApiParameter("workflow", OpenApiTypes.UUID, description="Only questions of this workflow."),
            OpenApiParameter("workflow_id", OpenApiTypes.UUID, description="As `workflow`."),
            OpenApiParameter("priority", enum=forms.PRIORITIES, description="Only questions of this priority."),
            OpenApiParameter(
                "whose",
                enum=selectors.WHOSE,
                description="`mine`: those I can answer now; `team`: those that are put to others; `answered`: those I"
                " have answered.",
            ),
            OpenApiParameter("is_overdue", bool, description="Only questions whose time is, or is not, over."),
        ],
        responses=forms.InteractionRow(many=True),
    )
    def list(self, request: Request) -> Response:
        """Questions, newest first."""
        refuse_both(request.query_params, "workflow", "workflow_id")
        status = _one_of(request, "status", forms.STATUSES)
        found = selectors.interaction_list(
            workspace_id=self.workspace.id,
            statuses=[status] if status else [],
            kind=_one_of(request, "kind", forms.KINDS),
            execution_id=_uuid(request, "execution_id"),
            workflow_id=_uuid(request, "workflow") or _uuid(request, "workflow_id"),
        )
        priority = _one_of(request, "priority", forms.PRIORITIES)
        if priority:
            found = found.filter(priority=Priority[priority.upper()])
        whose = _one_of(request, "whose", selectors.WHOSE)
        if whose:
            person = self.actor.user.id if self.actor.user else self.actor.maker_id
            found = selectors.of_person(found, whose, person)
        overdue = _one_of(request, "is_overdue", ("true", "false"))
        if overdue:
            late = Q(status=InteractionStatus.PENDING, deadline_at__lte=clock.now())
            found = found.filter(late if overdue == "true" else ~late)
        return self.page(found, forms.InteractionRow)

    @extend_schema(responses=forms.InteractionOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One question with what was shown, and the answer once there is one."""
        found = selectors.interaction_get(workspace_id=self.workspace.id, interaction_id=pk)
        return Response(forms.InteractionOut(found).data)

    @extend_schema(request=forms.AnswerIn, responses=forms.InteractionOut)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: UUID) -> Response:
        """Answer. The first answer counts, or as many as the question's policy wants; then it is `answered`.

        A later one is refused with who, when and how; 403 when others are asked. `data` must fit the question's `form`.
        """
        form = forms.AnswerIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        answered = services.interaction_answer(
            workspace_id=self.workspace.id,
            interaction_id=pk,
            answerer=Answerer.of(self.actor, via_of(self.actor.kind)),
            outcome=given["outcome"],
            comment=given.get("comment") or "",
            data=given.get("data"),
            now=clock.now(),
        )
        return Response(forms.InteractionOut(answered).data)

    @extend_schema(request=forms.LinkIn, responses={201: forms.LinkOut})
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: UUID) -> Response:
        """Make a link by which somebody without an account can answer once. The address is shown only here."""
        form = forms.LinkIn(data=request.data)
        form.is_valid(raise_exception=True)
        created = services.interaction_link_create(
            workspace_id=self.workspace.id,
            interaction_id=pk,
            recipient=form.validated_data["recipient"],
            actor=self.actor,
            now=clock.now(),
        )
        link = created.link
        found = {"id": link.id, "recipient": link.recipient, "expires_at": link.expires_at}
        found["url"] = f"{settings.BASE_URL}{created.path}"
        return Response(forms.LinkOut(found).data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(request=forms.DelegateIn, responses=forms.InteractionOut)
    @action(detail=True, methods=["post"])
    def delegate(self, request: Request, pk: UUID) -> Response:
        """Hand the question on: somebody else is asked in one's place. Owners and admins can do it for others."""
        form = forms.DelegateIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        services.interaction_delegate(
            workspace_id=self.workspace.id,
            interaction_id=pk,
            actor=self.actor,
            to=given["to"],
            note=given.get("note") or "",
            ask_id=given.get("ask_id"),
            now=clock.now(),
        )
        return self.retrieve(request, pk)

    @extend_schema(request=forms.WithdrawIn, responses=forms.InteractionOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Ask nobody any more. The run goes on by `undeliverable` where its author wants that, and fails otherwise."""
        form = forms.WithdrawIn(data=request.data)
        form.is_valid(raise_exception=True)
        services.interaction_give_up(
            workspace_id=self.workspace.id,
            interaction_id=pk,
            message=form.validated_data["reason"],
            actor=self.actor,
            now=clock.now(),
        )
        return self.retrieve(request, pk)

    @extend_schema(responses=forms.EntryOut(many=True))
    @action(detail=True, methods=["get"])
    def history(self, request: Request, pk: UUID) -> Response:
        """What happened with the question, newest first. Votes and decisions name the event of the audit log."""
        selectors.interaction_get(workspace_id=self.workspace.id, interaction_id=pk)
        found = selectors.entries_of(workspace_id=self.workspace.id, interaction_id=pk).order_by("-id")
        return self.page(found, forms.EntryOut)


def via_of(kind: str) -> Via:
    """How a request of this kind of actor counts: a session is the app, a key the API."""
    return Via.API if kind == "api_key" else Via.APP


def _one_of(request: Request, name: str, known: tuple[str, ...]) -> str:
    given: str = request.query_params.get(name, "")
    if given and given not in known:
        message = f"Allowed: {', '.join(known)}."
        raise Invalid(f"There is no {name} “{given[:50]}”. {message}", errors=[FieldError(name, message)])
    return given


def _uuid(request: Request, name: str) -> UUID | None:
    given = request.query_params.get(name)
    if not given:
        return None
    try:
        return UUID(given)
    except ValueError:
        message = f"{name} is not an id."
        raise Invalid(message, errors=[FieldError(name, message)]) from None
