"""Who I am; members, invitations and roles over HTTP."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors, services
from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import ROLE_PERMISSIONS, Permission, Role
from apps.accounts.api import serializers as forms
from apps.accounts.errors import InvitationUnknown, PeopleOnly
from apps.accounts.models import Invitation, Membership
from apps.accounts.services import Invited
from apps.core.errors import FieldError, Invalid, NotFound


class Me(WorkspaceAPIView):
    """Who asks, in which workspace, with which permissions."""

    permissions = {"get": Permission.WORKFLOW_READ, "patch": Permission.WORKFLOW_READ}

    @extend_schema(responses=forms.MeOut)
    def get(self, request: Request) -> Response:
        """Who the session or key belongs to."""
        user = self.actor.user
        homes = [home.workspace for home in selectors.homes_of(user.id)] if user else [self.workspace]
        found = {
            "actor": self.actor,
            "workspace": self.workspace,
            "workspaces": homes,
            "permissions": sorted(self.actor.permissions),
            "profile": user,
        }
        return Response(forms.MeOut(found).data)

    @extend_schema(request=forms.MePatch, responses=forms.MeOut)
    def patch(self, request: Request) -> Response:
        """Change what is said about the person signed in. Notices that are not named stay as they are."""
        if self.actor.user is None:
            raise PeopleOnly("A key has no profile.", hint="Sign in as yourself.")
        form = forms.MePatch(data=request.data)
        form.is_valid(raise_exception=True)
        services.profile_update(user=self.actor.user, **form.validated_data)
        return self.get(request)


class Members(WorkspaceViewSet):
    """The people of the workspace. They come by invitation."""

    permissions = {
        "list": Permission.WORKFLOW_READ,
        "retrieve": Permission.WORKFLOW_READ,
        "partial_update": Permission.MEMBER_MANAGE,
        "destroy": Permission.MEMBER_MANAGE,
    }
    is_newest_first = False
    serializer_class = forms.MemberOut
    queryset = Membership.objects.none()
    filters = {"list": ("q", "role")}

    @extend_schema(
        parameters=[
            OpenApiParameter("q", description="Part of a name or address."),
            OpenApiParameter("role", enum=[role.value for role in Role]),
        ],
        responses=forms.MemberOut(many=True),
    )
    def list(self, request: Request) -> Response:
        """Everybody, those who came first on top."""
        role = request.query_params.get("role", "")
        if role and role not in set(Role):
            message = f"There is no role {role[:20]!r}. Roles are {', '.join(Role)}."
            raise Invalid(message, errors=[FieldError(path="role", message=message)])
        rows = selectors.members(self.workspace.id, q=request.query_params.get("q", ""), role=role)
        return self.page(rows, forms.MemberOut)

    @extend_schema(responses=forms.MemberOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One member."""
        return Response(forms.MemberOut(self._one(pk)).data)

    @extend_schema(request=forms.RoleIn, responses=forms.MemberOut)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Give a member another role."""
        form = forms.RoleIn(data=request.data)
        form.is_valid(raise_exception=True)
        changed = services.member_role_change(
            workspace=self.workspace, membership=self._one(pk), role=form.validated_data["role"], actor=self.actor
        )
        return Response(forms.MemberOut(changed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """End a membership; the keys this person made are revoked."""
        services.member_remove(workspace=self.workspace, membership=self._one(pk), actor=self.actor)
        return Response(status=204)

    def _one(self, pk: UUID) -> Membership:
        found = selectors.member(self.workspace.id, pk)
        if found is None:
            raise NotFound
        return found


class Invitations(WorkspaceViewSet):
    """Asking people in."""

    permissions = {
        "list": Permission.MEMBER_MANAGE,
        "retrieve": Permission.MEMBER_MANAGE,
        "create": Permission.MEMBER_MANAGE,
        "destroy": Permission.MEMBER_MANAGE,
        "resend": Permission.MEMBER_MANAGE,
    }
    serializer_class = forms.InvitationOut
    queryset = Invitation.objects.none()

    @extend_schema(responses=forms.InvitationOut(many=True))
    def list(self, request: Request) -> Response:
        """Those that wait for an answer, expired ones too, the newest first."""
        return self.page(selectors.invitations(self.workspace.id), forms.InvitationOut)

    @extend_schema(responses=forms.InvitationOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One that waits for an answer."""
        return Response(forms.InvitationOut(self._one(pk)).data)

    @extend_schema(request=forms.InvitationsIn, responses={201: forms.InvitedList})
    def create(self, request: Request) -> Response:
        """Ask up to 50 people in. Who has an open invitation gets a new one in its place."""
        form = forms.InvitationsIn(data=request.data)
        form.is_valid(raise_exception=True)
        found = services.invitations_create(workspace=self.workspace, actor=self.actor, **form.validated_data)
        data = forms.InvitedList({"results": [_shown(each) for each in found]}).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Withdraw an invitation: its link ends at once."""
        services.invitation_revoke(workspace=self.workspace, invitation=self._one(pk), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=forms.InvitedOut)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: UUID) -> Response:
        """Send it once more, good for another week. The link sent before ends."""
        again = services.invitation_resend(workspace=self.workspace, invitation=self._one(pk), actor=self.actor)
        return Response(forms.InvitedOut(_shown(again)).data, headers={"Cache-Control": "no-store"})

    def _one(self, pk: UUID) -> Invitation:
        found = selectors.invitations(self.workspace.id).filter(id=pk).first()
        if found is None:
            raise InvitationUnknown
        return found


class Roles(WorkspaceAPIView):
    """What each role may."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(responses=forms.RoleList)
    def get(self, request: Request) -> Response:
        """All roles, the one that may most first."""
        counts = selectors.role_counts(self.workspace.id)
        lines = [
            {"role": role.value, "permissions": sorted(ROLE_PERMISSIONS[role]), "members": counts.get(role.value, 0)}
            for role in Role
        ]
        return Response(forms.RoleList({"results": lines}).data)


def _shown(each: Invited) -> dict[str, object]:
    return {
        "email": each.email,
        "outcome": "invited" if each.invitation else "member_already",
        "invitation": each.invitation,
        "url": f"{settings.BASE_URL}{reverse('join', args=[each.token])}" if each.token else None,
    }
