"""The API's description says what is true of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema() -> dict[str, Any]:
    response = Client().get(reverse("schema"))
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def test_it_is_openapi_3_1_with_all_ways_in(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert set(schema["components"]["securitySchemes"]) == {"apiKey", "accessToken", "session"}


def test_every_operation_may_answer_with_a_problem(schema: dict[str, Any]) -> None:
    assert "application/problem+json" in schema["components"]["responses"]["Problem"]["content"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                assert operation["responses"]["default"]["$ref"].endswith("/Problem"), f"{method} {path}"


def test_operations_have_names_of_their_own(schema: dict[str, Any]) -> None:
    names = [
        operation["operationId"]
        for operations in schema["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    assert len(names) == len(set(names))


def test_every_operation_says_in_a_line_what_it_does(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "operationId" in operation:
                assert 5 < len(operation.get("summary", "")) < 121, f"{method} {path}: {operation.get('summary')}"


def test_health_needs_no_key_and_may_be_down(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/public/health/"]["get"]
    assert operation.get("security", []) in ([], [{}])
    assert {"200", "503"} <= set(operation["responses"])
    parts = schema["components"]["schemas"]["HealthOut"]["properties"]
    assert set(parts) == {"status", "revision", "database", "broker", "workers", "beat", "replica"}


def test_yaml_for_those_who_accept_only_that() -> None:
    response = Client().get(reverse("schema"), headers={"Accept": "application/yaml"})
    assert response["Content-Type"].startswith("application/yaml")


def test_the_page_that_tries_calls_needs_no_inline_script_and_no_internet() -> None:
    page = Client().get(reverse("docs")).content.decode()
    assert "<script>" not in page
    assert "<style" not in page
    assert "://" not in page.replace("http://testserver", "")
    script = Client().get(reverse("docs") + "?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()
