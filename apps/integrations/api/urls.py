"""Routes under `/api/v1/app/`."""

from __future__ import annotations

from apps.core.api.routers import Router
from apps.integrations.api import views

router = Router()
router.register("credentials", views.Credentials, basename="credential")
router.register("credential-types", views.CredentialTypes, basename="credential-type")

urlpatterns = router.urls
