"""Pages under `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import path

from apps.executions.web import again, comparing, files, limits, logs, redrives, trial, usage, values, views
from apps.executions.web.holding import ExecutionContinue, ExecutionHold, ExecutionRelease
from apps.executions.web.links import DeliverAgain, ExecutionLinks

urlpatterns = [
    path("executions/", views.ExecutionList.as_view(), name="executions"),
    path("executions/redrives/", redrives.RedriveList.as_view(), name="redrives"),
    path("executions/redrives/new/", redrives.RedriveNew.as_view(), name="redrive-new"),
    path("executions/redrives/<uuid:redrive>/", redrives.RedrivePage.as_view(), name="redrive"),
    path("executions/redrives/<uuid:redrive>/cancel/", redrives.RedriveCancel.as_view(), name="redrive-cancel"),
    path("executions/compare/", comparing.ExecutionCompare.as_view(), name="execution-compare"),
    path("executions/<uuid:execution>/", views.ExecutionPage.as_view(), name="execution"),
    path("executions/<uuid:execution>/hold/", ExecutionHold.as_view(), name="execution-hold"),
    path("executions/<uuid:execution>/release/", ExecutionRelease.as_view(), name="execution-release"),
    path("executions/<uuid:execution>/continue/", ExecutionContinue.as_view(), name="execution-continue"),
    path("executions/<uuid:execution>/log/", logs.ExecutionLog.as_view(), name="execution-log"),
    path("logs/", logs.WorkspaceLog.as_view(), name="workspace-log"),
    path("executions/<uuid:execution>/cancel/", views.ExecutionCancel.as_view(), name="execution-cancel"),
    path("executions/<uuid:execution>/rerun/", again.ExecutionAgain.as_view(), name="execution-rerun"),
    path("executions/<uuid:execution>/artifacts/<uuid:artifact>/", files.ArtifactFile.as_view(), name="artifact-file"),
    path("executions/<uuid:execution>/payloads/<str:sha256>/", files.PayloadFile.as_view(), name="payload-file"),
    path("executions/<uuid:execution>/links/", ExecutionLinks.as_view(), name="execution-links"),
    path(
        "executions/<uuid:execution>/deliveries/<uuid:delivery>/resend/",
        DeliverAgain.as_view(),
        name="execution-deliver-again",
    ),
    path("settings/values/", values.ValueList.as_view(), name="values"),
    path("settings/values/<uuid:value>/delete/", values.ValueDelete.as_view(), name="value-delete"),
    path("settings/usage/", usage.UsagePage.as_view(), name="usage"),
    path("settings/limits/", limits.LimitsPage.as_view(), name="limits"),
    path("settings/limits/circuits/<uuid:circuit>/reset/", limits.CircuitReset.as_view(), name="circuit-reset"),
    path("workflows/figures/", views.WorkflowFigures.as_view(), name="workflow-figures"),
    path("workflows/<uuid:workflow>/example/", views.TriggerExample.as_view(), name="trigger-example"),
    path("workflows/<uuid:workflow>/test/", trial.WorkflowTrial.as_view(), name="workflow-trial"),
    path("workflows/<uuid:workflow>/run/", views.ExecutionStart.as_view(), name="execution-start"),
]
