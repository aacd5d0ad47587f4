"""Workspaces over HTTP."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors, services
from apps.accounts.access.api import WorkspaceAPIView
from apps.accounts.access.permissions import Permission
from apps.accounts.api import serializers as forms
from apps.accounts.errors import MemberUnknown, PeopleOnly
from apps.accounts.models import User


class Workspaces(WorkspaceAPIView):
    """The workspaces of the person signed in. A key knows its own only."""

    permissions = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_READ}
    manages_transaction = True  # a new workspace is another one

    @extend_schema(responses=forms.WorkspaceList)
    def get(self, request: Request) -> Response:
        """Where one belongs, by name."""
        if self.actor.user is None:
            rows = [{"id": self.workspace.id, "slug": self.workspace.slug, "name": self.workspace.name, "role": ""}]
        else:
            rows = [
                {"id": home.workspace.id, "slug": home.workspace.slug, "name": home.workspace.name, "role": home.role}
                for home in selectors.homes_of(self.actor.user.id)
            ]
        return Response(forms.WorkspaceList({"results": rows}).data)

    @extend_schema(request=forms.WorkspaceIn, responses={201: forms.WorkspaceOut})
    def post(self, request: Request) -> Response:
        """A further workspace, which one owns."""
        owner = _person(self.actor.user)
        form = forms.WorkspaceIn(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.workspace_create(owner=owner, actor=None, **form.validated_data)
        return Response(forms.WorkspaceOut(made).data, status=201)


class CurrentWorkspace(WorkspaceAPIView):
    """The workspace of the request."""

    permissions = {
        "get": Permission.WORKFLOW_READ,
        "patch": Permission.WORKSPACE_MANAGE,
    }

    @extend_schema(responses=forms.WorkspaceOut)
    def get(self, request: Request) -> Response:
        """Its name and address."""
        return Response(forms.WorkspaceOut(self.workspace).data)

    @extend_schema(request=forms.WorkspacePatch, responses=forms.WorkspaceOut)
    def patch(self, request: Request) -> Response:
        """Another name or address. An address it had before goes on leading to it."""
        form = forms.WorkspacePatch(data=request.data)
        form.is_valid(raise_exception=True)
        changed, given = self.workspace, form.validated_data
        if "name" in given:
            changed = services.workspace_rename(workspace=changed, name=given["name"], actor=self.actor)
        if "slug" in given:
            changed = services.workspace_move(workspace=changed, slug=given["slug"], actor=self.actor)
        return Response(forms.WorkspaceOut(changed).data)


class Close(WorkspaceAPIView):
    """Closing the workspace."""

    permissions = {"post": Permission.WORKSPACE_MANAGE}

    @extend_schema(operation_id="workspace_close", request=forms.ConfirmationIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Close it. For 30 days an owner can open it again, on the page `/workspaces/`."""
        form = forms.ConfirmationIn(data=request.data)
        form.is_valid(raise_exception=True)
        services.workspace_close(workspace=self.workspace, actor=self.actor, **form.validated_data)
        return Response(status=204)


class Leave(WorkspaceAPIView):
    """Ending one's own membership."""

    permissions = {"post": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="workspace_leave", request=None, responses=forms.LeftOut)
    def post(self, request: Request) -> Response:
        """Leave the workspace. The keys one made are revoked."""
        revoked = services.member_leave(workspace=self.workspace, actor=self.actor)
        return Response(forms.LeftOut({"keys_revoked": revoked}).data)


class HandOver(WorkspaceAPIView):
    """Making somebody else the owner."""

    permissions = {"post": Permission.WORKSPACE_MANAGE}

    @extend_schema(operation_id="workspace_hand_over", request=forms.HeirIn, responses=forms.MemberOut)
    def post(self, request: Request) -> Response:
        """Make another member an owner, and oneself an admin."""
        form = forms.HeirIn(data=request.data)
        form.is_valid(raise_exception=True)
        heir = selectors.member(self.workspace.id, form.validated_data["member"])
        if heir is None:
            raise MemberUnknown
        done = services.ownership_hand_over(workspace=self.workspace, membership=heir, actor=self.actor)
        return Response(forms.MemberOut(done).data)


def _person(user: User | None) -> User:
    if user is None:
        raise PeopleOnly("A key belongs to one workspace and makes no others.", hint="Sign in as yourself.")
    return user
