"""Members, keys, the audit log, and who I am."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors, services
from apps.accounts.access.api import WorkspaceAPIView, WorkspaceViewSet
from apps.accounts.access.permissions import Permission
from apps.accounts.api import serializers as forms
from apps.accounts.models import ApiKey, AuditEvent, Membership
from apps.core.errors import NotFound


class Me(WorkspaceAPIView):
    """Who asks, in which workspace, with which permissions."""

    permissions = {"get": Permission.WORKFLOW_READ}

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
        }
        return Response(forms.MeOut(found).data)


class Members(WorkspaceViewSet):
    """The people of the workspace."""

    permissions = {
        "list": Permission.WORKFLOW_READ,
        "retrieve": Permission.WORKFLOW_READ,
        "create": Permission.MEMBER_MANAGE,
        "partial_update": Permission.MEMBER_MANAGE,
        "destroy": Permission.MEMBER_MANAGE,
    }
    is_newest_first = False
    serializer_class = forms.MemberOut
    queryset = Membership.objects.none()

    @extend_schema(responses=forms.MemberOut(many=True))
    def list(self, request: Request) -> Response:
        """Everybody, those who came first on top."""
        return self.page(selectors.members(self.workspace.id), forms.MemberOut)

    @extend_schema(responses=forms.MemberOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One member."""
        return Response(forms.MemberOut(self._one(pk)).data)

    @extend_schema(request=forms.MemberIn, responses={201: forms.MemberAdded})
    def create(self, request: Request) -> Response:
        """Add somebody by e-mail address."""
        form = forms.MemberIn(data=request.data)
        form.is_valid(raise_exception=True)
        added = services.member_add(workspace=self.workspace, actor=self.actor, **form.validated_data)
        url = f"{settings.BASE_URL}/enter/{added.token}/" if added.token else None
        data = forms.MemberAdded(added.membership, context={"sign_in_url": url}).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

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


class Keys(WorkspaceViewSet):
    """API keys."""

    permissions = {
        "list": Permission.KEY_MANAGE,
        "retrieve": Permission.KEY_MANAGE,
        "create": Permission.KEY_MANAGE,
        "destroy": Permission.KEY_MANAGE,
    }
    serializer_class = forms.KeyOut
    queryset = ApiKey.objects.none()

    @extend_schema(responses=forms.KeyOut(many=True))
    def list(self, request: Request) -> Response:
        """All keys, newest first, revoked ones too."""
        return self.page(selectors.api_keys(self.workspace.id), forms.KeyOut)

    @extend_schema(responses=forms.KeyOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One key."""
        return Response(forms.KeyOut(self._one(pk)).data)

    @extend_schema(request=forms.KeyIn, responses={201: forms.KeyCreated})
    def create(self, request: Request) -> Response:
        """Make a key. The answer is the only place where it is ever shown."""
        form = forms.KeyIn(data=request.data)
        form.is_valid(raise_exception=True)
        created = services.api_key_create(workspace=self.workspace, actor=self.actor, **form.validated_data)
        data = forms.KeyCreated(created.key, context={"secret": created.secret}).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Revoke a key at once."""
        services.api_key_revoke(workspace=self.workspace, key=self._one(pk), actor=self.actor)
        return Response(status=204)

    def _one(self, pk: UUID) -> ApiKey:
        found = selectors.api_keys(self.workspace.id).filter(id=pk).first()
        if found is None:
            raise NotFound
        return found


class AuditLog(WorkspaceViewSet):
    """Who did what to what."""

    permissions = {"list": Permission.AUDIT_READ}
    serializer_class = forms.AuditEventOut
    queryset = AuditEvent.objects.none()

    @extend_schema(responses=forms.AuditEventOut(many=True))
    def list(self, request: Request) -> Response:
        """Everything recorded, newest first."""
        return self.page(selectors.audit_events(self.workspace.id), forms.AuditEventOut)
