"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from django.urls import path

from apps.core.api.routers import Router
from apps.executions.api import (
    deliveries,
    events,
    execute,
    files,
    holding,
    iterations,
    known,
    limits,
    logs,
    redrives,
    steps,
    trial,
    usage,
    values,
    views,
)

router = Router()
router.register("executions", views.Executions, basename="execution")
router.register("redrives", redrives.Redrives, basename="redrive")
router.register("values", values.Values, basename="value")
router.register("circuits", limits.Circuits, basename="circuit")

urlpatterns = [
    path("workflows/<uuid:pk>/execute/", execute.view(), name="workflow-execute"),
    path("workflows/<uuid:pk>/test/", execute.view(execute.Test), name="workflow-test"),
    path("workflows/<uuid:pk>/data/", known.NodeData.as_view(), name="workflow-data"),
    path("workflows/<uuid:pk>/preview/", known.NodePreview.as_view(), name="workflow-preview"),
    path("workflows/<uuid:pk>/test-data/", trial.TestData.as_view(), name="workflow-test-data"),
    path("executions/<uuid:pk>/hold/", holding.Hold.as_view(), name="execution-hold"),
    path("executions/<uuid:pk>/release/", holding.Release.as_view(), name="execution-release"),
    path("executions/<uuid:pk>/continue/", holding.Continue.as_view(), name="execution-continue"),
    path("executions/<uuid:pk>/events/", events.view, name="execution-events"),
    path("executions/<uuid:pk>/iterations/", iterations.Iterations.as_view(), name="execution-iterations"),
    path("executions/<uuid:pk>/node-runs/", iterations.IterationNodeRuns.as_view(), name="execution-node-runs"),
    path("executions/<uuid:pk>/steps/", steps.Steps.as_view(), name="execution-steps"),
    path("executions/<uuid:pk>/artifacts/", files.ExecutionArtifacts.as_view(), name="execution-artifacts"),
    path("executions/<uuid:pk>/payloads/<str:sha256>/", files.PayloadDownload.as_view(), name="execution-payload"),
    path("executions/<uuid:pk>/deliveries/", deliveries.Deliveries.as_view(), name="execution-deliveries"),
    path(
        "executions/<uuid:pk>/deliveries/<uuid:delivery>/resend/",
        deliveries.DeliverAgain.as_view(),
        name="execution-delivery-resend",
    ),
    path("artifacts/<uuid:pk>/", files.ArtifactDetail.as_view(), name="artifact"),
    path("artifacts/<uuid:pk>/download/", files.ArtifactDownload.as_view(), name="artifact-download"),
    path("executions/<uuid:pk>/logs/", logs.ExecutionLog.as_view(), name="execution-logs"),
    path("executions/<uuid:pk>/logs/download/", logs.download_view, name="execution-log-download"),
    path("executions/<uuid:pk>/logs/stream/", logs.stream_view, name="execution-log-stream"),
    path("limits/", limits.WorkspaceLimits.as_view(), name="workspace-limits"),
    path("logs/", logs.WorkspaceLog.as_view(), name="logs"),
    path("usage/", usage.UsageFigures.as_view(), name="usage-figures"),
    path("retention/", usage.RetentionPolicy.as_view(), name="retention"),
    *router.urls,
]
