"""A running node gets doors that sign; what it may not have, it is told with the page that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.core.tenancy import tenant
from apps.executions.models import Execution
from apps.integrations import services
from apps.integrations.models import Credential, CredentialUse
from tests.executions.conftest import Engine, definition, node
from tests.fakes.echo import Echo, echo

pytestmark = pytest.mark.integration
TOKEN = "tok-0123456789abcdefghijklmn"


@pytest.fixture
def there(settings: Any, committed_db: None) -> Iterator[Echo]:
    with echo() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def kept(workspace: Workspace, alice: User, **given: Any) -> Credential:
    usual: dict[str, Any] = {"name": "Echo", "type": "bearer", "fields": {"token": TOKEN}, "allow_unverified": True}
    return services.credential_create(workspace_id=workspace.id, actor=member_actor(alice, "owner"), **(usual | given))


def calling(url: str, credential: UUID, **own: Any) -> dict[str, Any]:
    auth = {"kind": "credential", "credential": str(credential), "name": "Echo"}
    call = node("call", "ACTION.HTTP_REQUEST", url=url, auth=auth, **own)
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])


def test_a_request_is_signed_and_its_use_is_noted(
    engine: Engine, workspace: Workspace, alice: User, there: Echo
) -> None:
    row = kept(workspace, alice)
    found = engine.run(calling(f"{there.url}/json", row.id))
    assert found["status"] == "SUCCESS"
    assert f"authorization: Bearer {TOKEN}" in there.heads[0]
    body = found["output"]["body"]
    assert body["headers"]["authorization"] == "Bearer [secret]"
    with tenant(workspace.id):
        use = CredentialUse.objects.get()
        assert (use.credential_id, str(use.last_execution_id), use.count) == (row.id, found["id"], 1)
        assert Execution.objects.get().error is None


def test_a_redirect_elsewhere_takes_no_credential_along(
    engine: Engine, workspace: Workspace, alice: User, there: Echo
) -> None:
    row = kept(workspace, alice)
    found = engine.run(calling(f"{there.url}/redirect", row.id))
    assert found["status"] == "SUCCESS"
    assert [f"Bearer {TOKEN}" in head for head in there.heads] == [True, True]  # the same host, signed anew
    assert TOKEN not in found["output"]["url"]


@pytest.mark.parametrize("why", ["gone", "wrong type", "foreign"])
def test_a_missing_one_fails_the_node_with_the_page_that_mends_it(
    engine: Engine, workspace: Workspace, alice: User, there: Echo, client: Client, why: str
) -> None:
    row = kept(workspace, alice)
    if why == "gone":
        actor = member_actor(alice, "owner")
        services.credential_delete(workspace_id=workspace.id, credential_id=row.id, actor=actor)
    elif why == "wrong type":
        row = kept(workspace, alice, name="Hook", type="webhook_secret", fields={"secret": TOKEN})
    else:
        row.id = UUID(int=7)
    found = engine.run(calling(f"{there.url}/json", row.id))
    assert found["status"] == "ERROR"
    assert (found["error"]["code"], found["error"]["node_id"]) == ("integrations.credential_missing", "call")
    assert there.heads == []
    client.force_login(alice)
    page = client.get(f"/w/{workspace.slug}/executions/{found['id']}/").content.decode()
    assert f"/w/{workspace.slug}/workflows/{found['workflow_id']}/credentials/" in page


def test_it_is_sent_to_its_hosts_only(engine: Engine, workspace: Workspace, alice: User, there: Echo) -> None:
    row = kept(workspace, alice, allowed_hosts=["api.example.com"])
    found = engine.run(calling(f"{there.url}/json", row.id))
    assert found["error"]["code"] == "http.credential_host"
    assert "may not be sent to 127.0.0.1" in found["error"]["message"]
    assert there.heads == []
