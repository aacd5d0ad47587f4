"""The settings of a workflow as a form."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership
from apps.core.tenancy import tenant
from apps.workflows import selectors, services
from apps.workflows.graph.document import Settings
from apps.workflows.models import Workflow
from apps.workflows.web.settings import LABELS, SettingsForm
from tests.cast import Cast
from tests.workflows.definitions import small
from tests.workflows.web.test_views import signed_in, text

SECRET = "whsec_" + "QUdFTlRGTE9XLUFHRU5URkxPVy1BR0VOVEZMT1c="


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.alice)


@pytest.fixture
def workflow(cast: Cast) -> Workflow:
    return services.workflow_create(workspace_id=cast.workspace.id, actor=cast.owner, name="Orders", definition=small())


def url(workflow: Workflow) -> str:
    return f"/w/acme/workflows/{workflow.id}/settings/"


def stored(cast: Cast, workflow: Workflow) -> Any:
    with tenant(cast.workspace.id):
        return selectors.workflow_get(cast.workspace.id, workflow.id).draft.get("settings", {})


def shown(workflow: Workflow, client: Client) -> dict[str, Any]:
    """What a browser would send back of the page as it is."""
    form: SettingsForm = client.get(url(workflow)).context["form"]
    return {field.html_name: field.value() for field in form if field.value() is not None}


def save(workflow: Workflow, client: Client, **changed: Any) -> Any:
    given = shown(workflow, client) | {name.replace("__", "."): value for name, value in changed.items()}
    return client.post(url(workflow), given)


def test_every_setting_has_a_field() -> None:
    paths = set()
    for name, field in Settings.model_fields.items():
        inner = [each for each in getattr(field.annotation, "__args__", ()) if hasattr(each, "model_fields")]
        paths |= {f"{name}.{part}" for part in inner[0].model_fields} if inner else {name}
    assert set(LABELS) == paths


def test_saving_what_is_shown_changes_nothing(cast: Cast, client: Client, workflow: Workflow) -> None:
    assert save(workflow, client).status_code == 302
    assert stored(cast, workflow) == {}
    full = {
        "timezone": "Europe/Berlin",
        "timeout_seconds": 60,
        "while_paused": "queue",
        "priority": "high",
        "max_data_mb": 10,
        "max_concurrent": 3,
        "concurrency": {"key": "{{ $json.customer }}", "limit": 2, "counts": "running"},
        "rate": {"count": 10, "per_seconds": 1.5, "on_excess": "refuse"},
        "debounce": {"seconds": 5.0, "max_wait_seconds": 60.0, "key": "{{ $json.id }}"},
        "completion": {"url": "https://example.com/done", "secret": SECRET, "statuses": ["ERROR"]},
    }
    services.workflow_update(
        workspace_id=cast.workspace.id,
        workflow_id=workflow.id,
        actor=cast.owner,
        definition={**small(), "settings": full},
    )
    assert save(workflow, client).status_code == 302
    assert stored(cast, workflow) == full


def test_a_part_is_there_when_its_first_field_is(cast: Cast, client: Client, workflow: Workflow) -> None:
    assert save(workflow, client, rate__count="5", rate__per_seconds="60").status_code == 302
    assert stored(cast, workflow) == {"rate": {"count": 5, "per_seconds": 60.0}}
    assert save(workflow, client, rate__count="").status_code == 302
    assert stored(cast, workflow) == {}


def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(
    cast: Cast, client: Client, workflow: Workflow
) -> None:
    page = save(workflow, client, rate__count="0", rate__per_seconds="", completion__url="ftp://x", priority="high")
    form = page.context["form"]
    assert page.status_code == 422
    assert set(form.errors) == {"rate.count", "rate.per_seconds", "completion.url"}
    assert "required" in form.errors["rate.per_seconds"][0]
    assert form["priority"].value() == "high"
    assert stored(cast, workflow) == {}


def test_a_secret_is_kept_and_never_shown(cast: Cast, client: Client, workflow: Workflow) -> None:
    save(workflow, client, completion__url="https://example.com/done", completion__secret=SECRET)
    assert stored(cast, workflow)["completion"]["secret"] == SECRET
    assert SECRET not in client.get(url(workflow)).content.decode()
    save(workflow, client, completion__url="https://example.com/else")
    assert stored(cast, workflow)["completion"] == {"url": "https://example.com/else", "secret": SECRET}
    save(workflow, client, completion__url="")
    assert stored(cast, workflow) == {}


def test_the_workflow_for_failures_is_chosen_by_name(cast: Cast, client: Client, workflow: Workflow) -> None:
    other = services.workflow_create(workspace_id=cast.workspace.id, actor=cast.owner, name="Alarm")
    assert "Alarm" in text(client.get(url(workflow)))
    assert save(workflow, client, error_workflow=str(other.id)).status_code == 302
    assert stored(cast, workflow) == {"error_workflow": str(other.id)}
    services.workflow_delete(workspace_id=cast.workspace.id, workflow_id=other.id, actor=cast.owner)
    assert "A workflow that is gone" in text(client.get(url(workflow)))


def test_somebody_else_s_change_is_not_lost(cast: Cast, client: Client, workflow: Workflow) -> None:
    given = shown(workflow, client)
    save(workflow, client, priority="high")
    page = client.post(url(workflow), given | {"priority": "low"})
    assert page.status_code == 422
    assert "somebody changed it" in text(page, 422)
    assert stored(cast, workflow) == {"priority": "high"}


def test_viewers_look_and_change_nothing(cast: Cast, workflow: Workflow) -> None:
    with tenant(cast.workspace.id):
        Membership.objects.filter(user=cast.bob).update(role="viewer")
    viewer = signed_in(cast.bob)
    page = viewer.get(url(workflow))
    assert page.status_code == 200
    assert all(field.field.disabled for field in page.context["form"])
    assert viewer.post(url(workflow), {}).status_code == 403
