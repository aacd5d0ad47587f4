"""Workflows over HTTP."""

from __future__ import annotations

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
from apps.core.api.serializers import Strict
from apps.core.errors import FieldError, Invalid
from apps.workflows import copies, selectors, services
from apps.workflows.api import serializers as forms
from apps.workflows.credential_checks import with_names
from apps.workflows.graph import Finding, errors_in
from apps.workflows.judging import judge
from apps.workflows.models import Status, Workflow
from apps.workflows.transfer import Parcel, export_document, import_document, normalised

_STATUS = OpenApiParameter("status", enum=Status.values, description="Without: all but archived ones.")
_SEARCH = OpenApiParameter("q", description="Words, each in the name, the description, the folder or a tag.")
_FOLDER = OpenApiParameter("folder", description="In this folder or one inside it; `/`: in none.")
_TAG = OpenApiParameter("tag", description="With this tag; several times: with all of them.", many=True)


class Workflows(WorkspaceViewSet):
    """Draft, publish and switch on workflows."""

    queryset = Workflow.objects.none()
    serializer_class = forms.WorkflowOut
    filters = {"list": ("status", "q", "folder", "tag")}
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.WORKFLOW_READ,
        "create": Permission.WORKFLOW_CREATE,
        "retrieve": Permission.WORKFLOW_READ,
        "update": Permission.WORKFLOW_UPDATE,
        "partial_update": Permission.WORKFLOW_UPDATE,
        "destroy": Permission.WORKFLOW_DELETE,
        "validate": Permission.WORKFLOW_READ,
        "validate_draft": Permission.WORKFLOW_READ,
        "publish": Permission.WORKFLOW_UPDATE,
        "activate": Permission.WORKFLOW_UPDATE,
        "pause": Permission.WORKFLOW_UPDATE,
        "archive": Permission.WORKFLOW_UPDATE,
        "duplicate": Permission.WORKFLOW_CREATE,
        "versions": Permission.WORKFLOW_READ,
        "version": Permission.WORKFLOW_READ,
        "export": Permission.WORKFLOW_READ,
        "sharing": Permission.WORKFLOW_READ,
        "share": Permission.WORKFLOW_UPDATE,
        "import_file": Permission.WORKFLOW_CREATE,
    }

    @extend_schema(parameters=[_STATUS, _SEARCH, _FOLDER, _TAG], responses=forms.WorkflowRow(many=True))
    def list(self, request: Request) -> Response:
        """The workflows, newest first."""
        status = request.query_params.get("status", "")
        if status and status not in Status.values:
            message = f"There is no status “{status[:40]}”; there are {', '.join(Status.values)}."
            raise Invalid(message, errors=[FieldError(path="status", message=message)])
        rows = selectors.workflow_list(
            self.workspace.id,
            status=status,
            q=request.query_params.get("q", ""),
            folder=request.query_params.get("folder", ""),
            tags=request.query_params.getlist("tag"),
        )
        rows = rows.select_related("active_version", "folder")
        return self.page(rows.defer("draft", "active_version__definition"), forms.WorkflowRow)

    @extend_schema(request=forms.WorkflowIn, responses={201: forms.WorkflowOut})
    def create(self, request: Request) -> Response:
        """A new workflow with a draft. It may still have errors, but must be a definition."""
        given = self._read(forms.WorkflowIn)
        if "format" in given:  # a file binds no credentials
            given["definition"] = import_document(given).definition
        workflow = services.workflow_create(
            workspace_id=self.workspace.id,
            actor=self.actor,
            name=given["name"],
            description=given["description"],
            definition=given.get("definition"),
            folder=given.get("folder", ""),
            tags=given.get("tags", ()),
        )
        return self._shown(workflow, status=201)

    @extend_schema(request=forms.ImportIn, responses={201: forms.ImportOut})
    @action(detail=False, methods=["post"], url_path="import", url_name="import")
    def import_file(self, request: Request) -> Response:
        """A new workflow from a file: an export of ours, or of another product, such as n8n.

        What has no equivalent here is left out and listed by node. Refused where nothing is left.
        """
        given = self._read(forms.ImportIn)
        parcel = import_document(given["document"], name=given["name"].strip())
        workflow = services.workflow_create(
            workspace_id=self.workspace.id,
            actor=self.actor,
            name=parcel.name,
            description=parcel.description,
            definition=parcel.definition,
        )
        shown = self._shown(workflow).data
        remarks = [remark.as_dict() for remark in parcel.remarks]
        return Response({"workflow": shown, "form": parcel.source, "remarks": remarks}, status=201)

    @extend_schema(responses=forms.WorkflowOut)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One workflow with its draft."""
        return self._shown(selectors.workflow_get(self.workspace.id, pk))

    @extend_schema(request=forms.WorkflowPut, responses=forms.WorkflowOut)
    def update(self, request: Request, pk: UUID) -> Response:
        """Replace name, description and draft."""
        return self._change(pk, self._read(forms.WorkflowPut))

    @extend_schema(request=forms.WorkflowPatch, responses=forms.WorkflowOut)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change some of them."""
        return self._change(pk, self._read(forms.WorkflowPatch))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take a workflow away. Its executions finish and stay."""
        services.workflow_delete(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor)
        return Response(status=204)

    @extend_schema(request=forms.ValidateIn, responses=forms.ValidateOut)
    @action(detail=False, methods=["post"])
    def validate(self, request: Request) -> Response:
        """What the lint says about a definition. Nothing is saved or run."""
        given = self._read(forms.ValidateIn)
        if "definition" not in given:
            message = "Send the definition to look at."
            raise Invalid(message, errors=[FieldError(path="definition", message=message)])
        return Response(_judged(self._linted(normalised(given["definition"])[0])))

    @extend_schema(request=forms.ValidateIn, responses=forms.ValidateOut)
    @action(detail=True, methods=["post"], url_path="validate")
    def validate_draft(self, request: Request, pk: UUID) -> Response:
        """What the lint says about the draft, or about the definition that is sent. Nothing is saved or run."""
        workflow = selectors.workflow_get(self.workspace.id, pk)
        given = self._read(forms.ValidateIn)
        definition = normalised(given["definition"])[0] if "definition" in given else workflow.draft
        return Response(_judged(self._linted(definition)))

    @extend_schema(request=forms.PublishIn, responses=forms.PublishOut)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: UUID) -> Response:
        """Make the draft a version. An active workflow goes over to it at once."""
        note = self._read(forms.PublishIn)["note"]
        version = services.workflow_publish(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, note=note)
        return Response({"version": forms.VersionOut(version).data} | _judged(self._linted(version.definition)))

    @extend_schema(request=None, responses=forms.WorkflowOut)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: UUID) -> Response:
        """Switch the triggers on. Publishes the draft when nothing has been published yet."""
        return self._shown(services.workflow_activate(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor))

    @extend_schema(request=None, responses=forms.WorkflowOut)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: UUID) -> Response:
        """Switch the triggers off. What runs goes on."""
        return self._shown(services.workflow_pause(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor))

    @extend_schema(request=None, responses=forms.WorkflowOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: UUID) -> Response:
        """Put the workflow away. Activating it brings it back."""
        return self._shown(services.workflow_archive(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor))

    @extend_schema(request=None, responses={201: forms.WorkflowOut})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: UUID) -> Response:
        """A new workflow with the same draft, in the same folder, “(copy)” after its name."""
        given: dict[str, Any] = {"workspace_id": self.workspace.id, "workflow_id": pk, "actor": self.actor}
        return self._shown(copies.workflow_duplicate(**given), status=201)

    @extend_schema(responses=forms.VersionOut(many=True))
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, pk: UUID) -> Response:
        """The published versions, newest first."""
        workflow = selectors.workflow_get(self.workspace.id, pk)
        return self.page(selectors.version_list(self.workspace.id, workflow.id), forms.VersionOut)

    @extend_schema(responses=forms.VersionDetail)
    @action(detail=True, methods=["get"], url_path="versions/<int:number>")
    def version(self, request: Request, pk: UUID, number: int) -> Response:
        """One published version with its definition."""
        workflow = selectors.workflow_get(self.workspace.id, pk)
        return Response(forms.VersionDetail(selectors.version_by_number(self.workspace.id, workflow.id, number)).data)

    @extend_schema(responses=SharingForm)
    @action(detail=True, methods=["get"])
    def sharing(self, request: Request, pk: UUID) -> Response:
        """How far everybody goes with it: `none`, `view`, `execute` or `edit`, and never further than their role."""
        workflow = selectors.workflow_get(self.workspace.id, pk)
        return Response(as_document(self.workspace.id, Kind.WORKFLOW, workflow.id))

    @extend_schema(request=SharingIn, responses=SharingForm)
    @sharing.mapping.put
    def share(self, request: Request, pk: UUID) -> Response:
        """Share it with chosen people. All others at `edit` and nobody named: it is everybody's again."""
        workflow = selectors.workflow_get(self.workspace.id, pk)
        document = shared(
            workspace_id=self.workspace.id, kind=Kind.WORKFLOW, found=workflow, actor=self.actor, data=request.data
        )
        return Response(document)

    @extend_schema(responses=forms.WorkflowIn)
    @action(detail=True, methods=["get"])
    def export(self, request: Request, pk: UUID) -> Response:
        """The workflow as a file; creating a workflow with it makes the same again.

        It names credentials and holds none; only what somebody wrote into the definition as text is in it.
        """
        workflow = selectors.workflow_get(self.workspace.id, pk)
        definition = with_names(self.workspace.id, workflow.draft)
        return Response(export_document(Parcel(workflow.name, workflow.description, definition)))

    # ── what the actions share ──

    def _read(self, form: type[Strict]) -> dict[str, Any]:
        filled = form(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return dict(filled.validated_data)

    def _linted(self, definition: Any) -> tuple[Finding, ...]:
        return judge(self.workspace.id, definition, self.actor).findings

    def _change(self, pk: UUID, given: dict[str, Any]) -> Response:
        workflow = services.workflow_update(workspace_id=self.workspace.id, workflow_id=pk, actor=self.actor, **given)
        return self._shown(workflow)

    def _shown(self, workflow: Workflow, *, status: int = 200) -> Response:
        triggers = selectors.trigger_list(self.workspace.slug, workflow)
        return Response(forms.WorkflowOut(workflow, context={"triggers": triggers}).data, status=status)


def _judged(findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {"valid": not errors_in(findings), "findings": [finding.as_dict() for finding in findings]}
