"""Files that nodes keep: once, with their execution, for their workspace, and only ever as a download."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.core.tenancy import tenant
from apps.executions import artifacts
from apps.executions.artifacts import Artifacts
from apps.executions.models import Artifact, Execution
from apps.executions.payloads import StorageAway
from apps.executions.payloads.folder import FolderStorage
from apps.nodes.contract import NodeError
from tests.executions.conftest import Engine, definition, node
from tests.fakes.receiver import Receiver, receiver
from tests.fakes.s3 import Bucket

pytestmark = pytest.mark.integration
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300


@pytest.fixture
def there(settings: Any) -> Iterator[Receiver]:
    with receiver() as found:
        settings.EGRESS_ALLOW = [found.host]
        yield found


def fetching(there: Receiver) -> dict[str, Any]:
    call = node("call", "ACTION.HTTP_REQUEST", method="GET", url=f"{there.url}/chart.png")
    return definition([node("t", "TRIGGER.MANUAL"), call], ["t > call"])


def fetched(engine: Engine, there: Receiver) -> dict[str, Any]:
    there.says(body=PICTURE, Content_Type="image/png")
    ended = engine.run(fetching(there))
    assert ended["status"] == "SUCCESS", ended["error"]
    return ended


def shelf(engine: Engine, execution_id: str | UUID) -> Artifacts:
    with tenant(engine.workspace.id):
        found = Execution.objects.get(id=execution_id)
    return Artifacts(engine.workspace.id, found.workflow_id, found.id, "call", "")


def test_a_picture_that_was_fetched_is_a_file_of_the_execution(
    engine: Engine, objects: Path, there: Receiver, alice: User, api: Callable[..., APIClient]
) -> None:
    ended = fetched(engine, there)
    kept = ended["output"]["body"]
    assert {key: kept[key] for key in ("name", "content_type", "size")} == {
        "name": "chart.png",
        "content_type": "image/png",
        "size": len(PICTURE),
    }
    workspace, workflow = engine.workspace.id, ended["workflow_id"]
    assert (objects / f"{workspace}/artifacts/{workflow}/{ended['id']}/{kept['id']}").read_bytes() == PICTURE
    listed = api(alice).get(f"/api/v1/app/executions/{ended['id']}/artifacts/").json()["results"]
    assert [(row["id"], row["node_id"]) for row in listed] == [(kept["id"], "call")]
    assert api(alice).get(f"/api/v1/app/artifacts/{kept['id']}/").json() == listed[0]


def test_the_page_of_the_execution_leads_to_its_files(
    engine: Engine, objects: Path, there: Receiver, alice: User, api: Callable[..., APIClient]
) -> None:
    ended = fetched(engine, there)
    page = api(alice).get(f"/w/acme/executions/{ended['id']}/").content.decode()
    address = f"/w/acme/executions/{ended['id']}/artifacts/{ended['output']['body']['id']}/"
    assert address in page
    assert "1 file" in page
    assert api(alice).get(address).content == PICTURE


def test_a_download_is_never_a_page_of_the_product(
    engine: Engine, objects: Path, there: Receiver, alice: User, api: Callable[..., APIClient]
) -> None:
    there.says(
        body=b"<script>alert(1)</script>", Content_Type="image/svg+xml", Content_Disposition='x; filename="a\\"b.svg"'
    )
    kept = engine.run(fetching(there))["output"]["body"]
    for path in (
        f"/api/v1/app/artifacts/{kept['id']}/download/",
        f"/w/acme/executions/{artifact_of(engine, kept['id']).execution_id}/artifacts/{kept['id']}/",
    ):
        answer = api(alice).get(path)
        assert answer.status_code == 200
        assert answer.content == b"<script>alert(1)</script>"
        assert answer["Content-Disposition"].startswith("attachment; ")
        assert answer["Content-Disposition"].count('"') == 2
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def artifact_of(engine: Engine, artifact_id: str) -> Artifact:
    with tenant(engine.workspace.id):
        return Artifact.objects.get(id=artifact_id)


def test_who_is_in_another_workspace_finds_nothing(
    engine: Engine,
    objects: Path,
    there: Receiver,
    charlie: User,
    other_workspace: Workspace,
    api: Callable[..., APIClient],
) -> None:
    kept = fetched(engine, there)["output"]["body"]
    for path in (f"/api/v1/app/artifacts/{kept['id']}/", f"/api/v1/app/artifacts/{kept['id']}/download/"):
        assert api(charlie).get(path).status_code == 404
        assert api(charlie, HTTP_X_WORKSPACE="acme").get(path).status_code == 404
        assert api().get(path).status_code == 401
    foreign = Artifacts(other_workspace.id, UUID(int=1), UUID(int=2), "x", "")
    with pytest.raises(NodeError, match="no such file"):
        foreign.get(kept)


def test_a_node_that_runs_again_keeps_the_same_file_once(engine: Engine, objects: Path, there: Receiver) -> None:
    ended = fetched(engine, there)
    mine = shelf(engine, ended["id"])
    again = mine.put(iter([PICTURE[:100], PICTURE[100:]]), name="chart.png", content_type="image/png; q=1")
    assert again == ended["output"]["body"]
    assert mine.put(PICTURE, name="other.png")["id"] != again["id"]
    assert mine.get(again) == mine.get(again["id"]) == PICTURE
    with tenant(engine.workspace.id):
        assert Artifact.objects.count() == 2


def test_a_file_whose_content_was_not_stored_does_not_count(
    engine: Engine, objects: Path, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash in between: the row is there, so that retention finds whatever was written."""
    mine = shelf(engine, fetched(engine, there)["id"])

    def away(*args: Any, **given: Any) -> None:
        raise StorageAway("gone")

    monkeypatch.setattr(FolderStorage, "put", away)
    monkeypatch.setattr(artifacts, "PATIENCE_SECONDS", 0.3)
    with pytest.raises(NodeError) as failed:
        mine.put(b"123", name="lost.txt")
    assert (failed.value.code, failed.value.retryable) == ("executions.storage_away", True)
    with tenant(engine.workspace.id):
        lost = Artifact.objects.get(name="lost.txt")
        listed = artifacts.of_execution(workspace_id=engine.workspace.id, execution_id=lost.execution_id)
    assert not lost.is_stored
    assert [row.name for row in listed] == ["chart.png"]
    with pytest.raises(NodeError, match="no such file"):
        mine.get(str(lost.id))


def test_files_lie_in_a_bucket_too(engine: Engine, pail: Bucket, there: Receiver) -> None:
    ended = fetched(engine, there)
    assert shelf(engine, ended["id"]).get(ended["output"]["body"]) == PICTURE
    assert list(pail.types.values()) == ["image/png"]


def test_too_much_is_refused_while_it_comes(engine: Engine, objects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_BYTES", 1_000_000)
    endless = iter(lambda: b"x" * 100_000, b"")
    with pytest.raises(NodeError, match="at most 1 MB"):
        Artifacts(engine.workspace.id, UUID(int=1), UUID(int=2), "x", "").put(endless, name="x")


@pytest.mark.parametrize(
    ("name", "kind", "fitting"),
    [
        ("../../etc/passwd", "text/plain", "etc_passwd.txt"),
        ("a\r\nb\0.txt", "text/plain", "a_b_.txt"),
        ("", "application/pdf", "file.pdf"),
        ("...", "application/x-nobody-knows", "file"),
        ("Übersicht \u202egnp.exe", "image/png", "Übersicht _gnp.exe"),
        ("x" * 500 + ".csv", "text/csv", "x" * 196 + ".csv"),
    ],
)
def test_names_fit_any_system(name: str, kind: str, fitting: str) -> None:
    assert artifacts.fitting_name(name, kind) == fitting
