"""What the API says of itself is true: drawn requests, right and wrong ones, as each role, get answers it describes.

Schemathesis draws them from the document the product serves. No answer is a 5xx; each has a status, a content type and
a body that the document tells of. Half of the drawn ids are replaced by ids of things that are there. Every request is
taken back, so that one that deletes everything leaves the next something to ask for.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from functools import cache
from typing import Any, Final

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests import PreparedRequest
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts.models import Membership, User
from apps.core.tenancy import tenant
from tests.architecture.routes import FILL, ROUTES
from tests.cast import PASSWORD, Cast
from tests.fuzzing import SEED, cases

ROLES: Final = ("owner", "admin", "member", "viewer", "anonymous")
SHARDS: Final = 8
PER_ROLE: Final = cases(1_000, 5_000)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LEFT_OUT = re.compile(r"/(executions/\{id\}/events|logs/stream|public/health)/$")

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]
logging.getLogger("schemathesis").setLevel(logging.ERROR)


@cache
def operations() -> list[Any]:
    """Every operation of the document, streams aside, which never end, and health, which may say 503."""
    document = json.loads(Client().get("/api/v1/schema/?format=json").content)
    results: Any = schemathesis.openapi.from_dict(document).get_all_operations()
    found = [result.ok() for result in results]
    return sorted((each for each in found if not LEFT_OUT.search(each.path)), key=lambda each: each.label)


def drawn(operation: Any, number: int, mode: GenerationMode) -> list[Any]:
    """So many requests to one operation; fewer where there are no more, none where nothing can be wrong with it."""
    found: list[Any] = []

    @seed(SEED)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        found.append(case)

    try:
        draw()
    except Unsatisfiable:
        return []
    return found[:number]


def people(cast: Cast) -> dict[str, Client]:
    """A browser's session of each role in the workspace, and one of nobody."""
    found = {}
    for role in ROLES:
        client = Client(headers={"X-Workspace": cast.workspace.slug}, raise_request_exception=False)
        if role == "owner":
            client.force_login(cast.alice)
        elif role != "anonymous":
            user = User.objects.create_user(f"{role}@example.com", PASSWORD, name=role)
            with tenant(cast.workspace.id):
                Membership.objects.create(workspace=cast.workspace, user=user, role=role)
            client.force_login(user)
        found[role] = client
    return found


def real_path(operation: Any, cast: Cast) -> str | None:
    """The address of something that is there; None where the path has no parameters."""
    shape = re.sub(r"\{\w+\}", "{}", operation.path)
    for route in ROUTES:
        if "{" in route.path and re.sub(r"\{\w+\}", "{}", route.path) == shape:
            makers = [FILL.get(name) or FILL.get(route.path) for name in re.findall(r"\{(\w+)\}", route.path)]
            values = [str(maker(cast)) if maker else "none" for maker in makers]
            return re.sub(r"\{\w+\}", "{}", route.path).format(*values)
    return None


def send(client: Client, case: Any, path: str) -> Any:
    """Send a drawn request, and take back what it did."""
    given: dict[str, Any] = {"headers": {name: str(value) for name, value in (case.headers or {}).items()}}
    body = case.body
    if not isinstance(body, schemathesis.core.NotSet):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode(errors="surrogatepass")
        given |= {"data": raw, "content_type": case.media_type or "application/json"}
    with transaction.atomic():
        response = client.generic(case.method, path, query_params=case.query or {}, **given)
        if not response.streaming:
            assert response.content is not None
        transaction.set_rollback(True)
    return response


def judge(case: Any, path: str, response: Any) -> str:
    """What is wrong with an answer; empty when nothing is."""
    request = PreparedRequest()
    request.prepare(case.method, f"http://testserver{path}")
    content = b"".join(response) if response.streaming and not response.is_async else getattr(response, "content", b"")
    answer = Response(
        status_code=response.status_code,
        headers={name.lower(): [value] for name, value in response.items()},
        content=content,
        request=request,
        elapsed=timedelta(0).total_seconds(),
        verify=False,
    )
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        said = content[:400].decode(errors="replace")
        return "; ".join(f"{type(each).__name__}: {each}"[:600] for each in group.exceptions) + f"\n  answered {said}"
    return ""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_answers_are_as_the_document_says(cast: Cast, shard: int) -> None:
    everything = operations()
    each = -(-PER_ROLE // (2 * len(everything)))
    clients = people(cast)
    wrong: dict[str, str] = {}
    asked = 0
    for operation in everything[shard::SHARDS]:
        with transaction.atomic():
            existing = real_path(operation, cast)
            right = drawn(operation, each, GenerationMode.POSITIVE)
            for number, case in enumerate(right + drawn(operation, 2 * each - len(right), GenerationMode.NEGATIVE)):
                path = existing if existing and number % 2 == 0 else case.formatted_path
                for role, client in clients.items():
                    asked += 1
                    complaint = judge(case, path, send(client, case, path))
                    if complaint:
                        wrong.setdefault(
                            f"{operation.label} as {role}", f"{path} {case.query} {case.body}:\n  {complaint}"
                        )
            transaction.set_rollback(True)
    assert not wrong, f"{len(wrong)} of {asked}:\n" + "\n".join(f"- {what}: {why}" for what, why in wrong.items())
    assert asked >= len(ROLES) * PER_ROLE // SHARDS // 2, f"only {asked} requests could be drawn"
