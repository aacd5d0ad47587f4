"""Who asks, outside DRF: event streams, plain views and WebSockets."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from apps.accounts import services
from apps.accounts.access import resolve
from apps.accounts.errors import KeyRefused, WorkspaceNotNamed, WorkspaceUnknown
from apps.core.errors import Unauthenticated
from tests.cast import Cast


def request_of(
    user: Any, *, session: dict[str, str] | None = None, path: str = "/x", workspace: str = "", key: str = ""
) -> HttpRequest:
    headers = {"X-Workspace": workspace, "Authorization": f"Bearer {key}" if key else ""}
    request = RequestFactory().get(path, headers=headers)
    request.user = user
    request.session = session or {}  # type: ignore[assignment]
    return request


def scope_of(
    user: Any = None, *, query: str = "", session: dict[str, str] | None = None, **headers: str
) -> dict[str, Any]:
    return {
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "query_string": query.encode(),
        "user": user or AnonymousUser(),
        "session": session or {},
    }


class TestRequests:
    def test_a_stream_may_name_the_workspace_in_its_address(self, cast: Cast) -> None:
        services.workspace_create(name="Second", slug="second", owner=cast.alice)
        found = resolve.of_request(request_of(cast.alice, path="/x?workspace=second"))
        assert found.workspace.slug == "second"
        assert found.actor.role == "owner"
        with pytest.raises(WorkspaceNotNamed):
            resolve.of_request(request_of(cast.alice))
        assert resolve.of_request(request_of(cast.alice, session={"workspace": "acme"})).workspace.slug == "acme"

    def test_a_note_of_a_workspace_one_was_thrown_out_of_is_worth_nothing(self, cast: Cast) -> None:
        found = resolve.of_request(request_of(cast.charlie, session={"workspace": "acme"}))
        assert found.workspace.slug == "umbrella"

    def test_a_foreign_workspace_is_unknown(self, cast: Cast) -> None:
        for named in ("acme", "nowhere"):
            with pytest.raises(WorkspaceUnknown):
                resolve.of_request(request_of(cast.charlie, workspace=named))

    def test_a_key_counts_before_a_session(self, cast: Cast) -> None:
        secret = services.api_key_create(workspace=cast.workspace, name="k", actor=cast.owner).secret
        found = resolve.of_request(request_of(cast.charlie, key=secret))
        assert (found.workspace.slug, found.actor.kind) == ("acme", "api_key")

    def test_nobody_is_nobody(self, cast: Cast) -> None:
        with pytest.raises(Unauthenticated):
            resolve.of_request(request_of(AnonymousUser()))


class TestScopes:
    def test_a_session(self, cast: Cast) -> None:
        assert resolve.of_scope(scope_of(cast.bob)).workspace.slug == "acme"
        assert resolve.of_scope(scope_of(cast.bob, query="workspace=acme&after=3")).actor.label == "bob@example.com"
        with pytest.raises(WorkspaceUnknown):
            resolve.of_scope(scope_of(cast.charlie, query="workspace=acme"))

    def test_a_key(self, cast: Cast) -> None:
        secret = services.api_key_create(
            workspace=cast.workspace, name="k", scopes=["execution:read"], actor=cast.owner
        ).secret
        found = resolve.of_scope(scope_of(authorization=f"Bearer {secret}"))
        assert found.actor.permissions == {"execution:read"}
        with pytest.raises(WorkspaceUnknown):
            resolve.of_scope(scope_of(authorization=f"Bearer {secret}", x_workspace="umbrella"))
        with pytest.raises(KeyRefused):
            resolve.of_scope(scope_of(authorization="Bearer af_wrong"))

    def test_nobody_is_nobody(self, db: None) -> None:
        with pytest.raises(Unauthenticated):
            resolve.of_scope(scope_of())


@pytest.mark.parametrize(
    ("header", "key"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Bearer", None), ("", None), ("Basic abc", None)],
)
def test_bearer(header: str, key: str | None) -> None:
    assert resolve.bearer(header) == key
