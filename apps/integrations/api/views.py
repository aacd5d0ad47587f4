"""Credentials over HTTP: written, tested, named, never read."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.api import WorkspaceViewSet
from apps.accounts.access.objects import Kind
from apps.accounts.access.permissions import Permission
from apps.accounts.access.sharing import SharingForm, SharingIn, as_document, shared
from apps.core import clock
from apps.core.api.query import refuse_unknown
from apps.core.api.serializers import Strict
from apps.core.errors import NotFound
from apps.core.suggest import nearest
from apps.core.tenancy import tenant
from apps.integrations import registry, selectors, services, uses
from apps.integrations.api import serializers as forms
from apps.integrations.errors import CredentialUnknown
from apps.integrations.models import Credential

USES_FOR = timedelta(days=90)


class TypeNotFound(NotFound):
    """There is no such type of credential."""

    code = "integrations.type_not_found"


class CredentialTypes(WorkspaceViewSet):
    """The types there are, each with the JSON Schema of its fields."""

    serializer_class = forms.TypeOut
    lookup_value_converter = "str"
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.CREDENTIAL_READ,
        "retrieve": Permission.CREDENTIAL_READ,
    }

    @extend_schema(parameters=[OpenApiParameter("use")], responses=forms.TypeOut(many=True))
    def list(self, request: Request) -> Response:
        """Every type; `use` keeps those that are good for it, as in `http`."""
        refuse_unknown(request.query_params, ("use",))
        use = request.query_params.get("use", "")
        found = [entry for entry in registry.catalogue() if not use or use in entry["fits"]]
        return Response({"results": found, "next": None, "page_size": len(found)})

    @extend_schema(responses=forms.TypeOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One type."""
        for entry in registry.catalogue():
            if entry["type"] == pk:
                return Response(entry)
        hint = nearest(pk, list(registry.credential_types()))
        raise TypeNotFound(f"There is no credential type “{pk[:60]}”.", hint=hint)


class Credentials(WorkspaceViewSet):
    """What proves to other systems who calls. Secrets go in and never come out."""

    serializer_class = forms.CredentialOut
    queryset = Credential.objects.none()
    manages_transaction = True  # writing one asks another system first
    filters: ClassVar[dict[str, tuple[str, ...]]] = {"list": ("use", "q")}
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.CREDENTIAL_READ,
        "retrieve": Permission.CREDENTIAL_READ,
        # Whether it takes more than use is up to its scope: everybody keeps private ones.
        "create": Permission.CREDENTIAL_USE,
        "partial_update": Permission.CREDENTIAL_USE,
        "destroy": Permission.CREDENTIAL_USE,
        "test": Permission.CREDENTIAL_USE,
        "used_by": Permission.CREDENTIAL_READ,
        "uses": Permission.CREDENTIAL_READ,
        "sharing": Permission.CREDENTIAL_READ,
        "share": Permission.CREDENTIAL_MANAGE,
    }

    @extend_schema(
        parameters=[OpenApiParameter("use"), OpenApiParameter("q")], responses=forms.CredentialOut(many=True)
    )
    def list(self, request: Request) -> Response:
        """Those you may know of, newest first; `use` keeps those good for it (`http`), `q` looks in names."""
        given = request.query_params
        with tenant(self.workspace.id):
            rows = selectors.credentials(
                self.workspace.id, self.actor, use=given.get("use", ""), search=given.get("q", "")
            )
            return self.page(rows, lambda row: self._shown(row))

    @extend_schema(request=forms.CredentialIn, responses={201: forms.CredentialOut})
    def create(self, request: Request) -> Response:
        """Test a credential, then keep it. What cannot be tested is kept with `allow_unverified` only."""
        given = self._read(forms.CredentialIn)
        made = services.credential_create(workspace_id=self.workspace.id, actor=self.actor, **given)
        return self._answer(made.id, status=201)

    @extend_schema(responses=forms.CredentialOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One credential, without its secrets."""
        return self._answer(pk)

    @extend_schema(request=forms.CredentialPatch, responses=forms.CredentialOut)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what is given. A secret that is left out stays."""
        given = self._read(forms.CredentialPatch)
        changed = services.credential_update(
            workspace_id=self.workspace.id, credential_id=pk, actor=self.actor, **given
        )
        return self._answer(changed.id)

    @extend_schema(
        parameters=[OpenApiParameter("force", bool, description="Also when workflows use it.")], responses={204: None}
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete it for good. 409 with the places that use it, unless `force=true`."""
        refuse_unknown(request.query_params, ("force",))
        force = request.query_params.get("force", "").lower() in ("1", "true", "yes")
        services.credential_delete(workspace_id=self.workspace.id, credential_id=pk, actor=self.actor, force=force)
        return Response(status=204)

    @extend_schema(request=None, responses=forms.CredentialOut)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: UUID) -> Response:
        """Ask the other side now; `is_verified` and `test_message` say what it answered."""
        services.credential_test(workspace_id=self.workspace.id, credential_id=pk, actor=self.actor)
        return self._answer(pk)

    @extend_schema(responses=forms.UsedByOut)
    @action(detail=True, methods=["get"], url_path="used-by")
    def used_by(self, request: Request, pk: UUID) -> Response:
        """The nodes that name it, in drafts and in published versions."""
        with tenant(self.workspace.id):
            row = selectors.credential(self.workspace.id, self.actor, pk)
            found = [asdict(use) for use in uses.uses_of(self.workspace.id, row.id)]
        return Response(forms.UsedByOut({"results": found}).data)

    @extend_schema(responses=forms.UsesOut)
    @action(detail=True, methods=["get"])
    def uses(self, request: Request, pk: UUID) -> Response:
        """How often each workflow used it on each of the last 90 days."""
        with tenant(self.workspace.id):
            row = selectors.credential(self.workspace.id, self.actor, pk)
            since = (clock.now() - USES_FOR).date()
            found = selectors.uses_by_day(self.workspace.id, row.id, since=since)
        return Response(forms.UsesOut({"results": found}).data)

    @extend_schema(responses=SharingForm)
    @action(detail=True, methods=["get"])
    def sharing(self, request: Request, pk: UUID) -> Response:
        """How far everybody goes with it: `none`, `use` or `manage`, and never further than their role."""
        with tenant(self.workspace.id):
            row = self._of_the_workspace(pk)
            return Response(as_document(self.workspace.id, Kind.CREDENTIAL, row.id))

    @extend_schema(request=SharingIn, responses=SharingForm)
    @sharing.mapping.put
    def share(self, request: Request, pk: UUID) -> Response:
        """Share it with chosen people. All others at `manage` and nobody named: it is everybody's again."""
        with tenant(self.workspace.id):
            row = self._of_the_workspace(pk)
            document = shared(
                workspace_id=self.workspace.id, kind=Kind.CREDENTIAL, found=row, actor=self.actor, data=request.data
            )
        return Response(document)

    # ── what the actions share ──

    def _of_the_workspace(self, pk: UUID) -> Credential:
        row = selectors.credential(self.workspace.id, self.actor, pk)
        if row.is_private:  # its owner's alone
            raise CredentialUnknown
        return row

    def _read(self, form: type[Strict]) -> dict[str, Any]:
        filled = form(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return dict(filled.validated_data)

    def _shown(self, row: Credential) -> dict[str, Any]:
        return dict(forms.CredentialOut(row, context={"actor": self.actor}).data)

    def _answer(self, pk: UUID, *, status: int = 200) -> Response:
        with tenant(self.workspace.id):
            return Response(self._shown(selectors.credential(self.workspace.id, self.actor, pk)), status=status)
