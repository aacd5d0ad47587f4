"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.workflows.web import bulk, credentials, imported, listing, new, settings, sharing, variables, views

urlpatterns = [
    path("workflows/", listing.WorkflowList.as_view(), name="workflows"),
    path("workflows/act/", bulk.WorkflowsAct.as_view(), name="workflows-act"),
    path("workflows/move/", bulk.WorkflowsArrange.as_view(what="move"), name="workflows-move"),
    path("workflows/tags/", bulk.WorkflowsArrange.as_view(what="tags"), name="workflows-tags"),
    path("workflows/export/", bulk.WorkflowsExport.as_view(), name="workflows-export"),
    path("workflows/folders/new/", bulk.FolderPage.as_view(), name="folder-new"),
    path("workflows/folders/<uuid:folder>/", bulk.FolderPage.as_view(), name="folder"),
    path("workflows/folders/<uuid:folder>/delete/", bulk.FolderDelete.as_view(), name="folder-delete"),
    path("workflows/tour/", new.EditorTour.as_view(), name="editor-tour"),
    path("workflows/new/", new.WorkflowNew.as_view(), name="workflow-new"),
    path("workflows/<uuid:workflow>/", views.WorkflowCanvas.as_view(), name="workflow"),
    path("workflows/<uuid:workflow>/imported/", imported.WorkflowImported.as_view(), name="workflow-imported"),
    path("workflows/<uuid:workflow>/edit/", views.WorkflowEdit.as_view(), name="workflow-edit"),
    path("workflows/<uuid:workflow>/triggers/", views.WorkflowTriggers.as_view(), name="workflow-triggers"),
    path("workflows/<uuid:workflow>/settings/", settings.WorkflowSettings.as_view(), name="workflow-settings"),
    path(
        "workflows/<uuid:workflow>/credentials/", credentials.WorkflowCredentials.as_view(), name="workflow-credentials"
    ),
    path("workflows/<uuid:workflow>/sharing/", sharing.WorkflowSharing.as_view(), name="workflow-sharing"),
    path("workflows/<uuid:workflow>/history/", views.WorkflowHistory.as_view(), name="workflow-history"),
    path("workflows/<uuid:workflow>/export/", views.WorkflowExport.as_view(), name="workflow-export"),
    path("workflows/<uuid:workflow>/publish/", views.WorkflowPublish.as_view(), name="workflow-publish"),
    path("workflows/<uuid:workflow>/activate/", views.WorkflowActivate.as_view(), name="workflow-activate"),
    path("workflows/<uuid:workflow>/pause/", views.WorkflowPause.as_view(), name="workflow-pause"),
    path("workflows/<uuid:workflow>/archive/", views.WorkflowArchive.as_view(), name="workflow-archive"),
    path("workflows/<uuid:workflow>/delete/", views.WorkflowDelete.as_view(), name="workflow-delete"),
    path("settings/variables/", variables.VariableList.as_view(), name="variables"),
    path("settings/variables/<uuid:variable>/", variables.VariableEdit.as_view(), name="variable"),
    path("settings/variables/<uuid:variable>/delete/", variables.VariableDelete.as_view(), name="variable-delete"),
]
