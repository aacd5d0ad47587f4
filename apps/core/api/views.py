"""The API's own description, and the page that tries calls."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation

from apps.core.error_codes import error_codes


@extend_schema(exclude=True)
class Schema(SpectacularAPIView):
    """The OpenAPI 3.1 document: JSON, or YAML for clients that accept only that."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer]
    content_negotiation_class = DefaultContentNegotiation


class Errors(View):
    """`/docs/errors`: what the `type` of every problem document leads to."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Every code with its status, what it means and what to do, those of one area side by side."""
        return render(request, "docs/errors.html", {"codes": error_codes()})


class Docs(SpectacularSwaggerSplitView):
    """A page where every call can be tried, with the session or with an API key. Works without the internet.

    Its script comes from an address of its own (`?script`), so the Content-Security-Policy stays as it is.
    """

    url_name = "schema"
    template_name = "docs/api.html"
