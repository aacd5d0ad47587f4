"""A folder and a bucket keep objects alike."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.executions.payloads.folder import FolderStorage
from apps.executions.payloads.s3 import S3Storage
from apps.executions.payloads.storage import ObjectMissing, Storage, StorageAway
from tests.fakes.s3 import Bucket, bucket


def of(found: Bucket, **changed: str) -> S3Storage:
    given: dict[str, Any] = {**found.settings, **changed}
    del given["kind"]
    return S3Storage(**given)


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return FolderStorage(tmp_path / "objects") if request.param == "folder" else of(request.getfixturevalue("pail"))


def test_what_is_put_can_be_got_until_it_is_deleted(kept: Storage) -> None:
    content = bytes(range(256)) * 1000
    kept.put("ws/payloads/ab/abcd", content, content_type="application/json")
    kept.put("ws/payloads/ab/abcd", content)  # again
    assert kept.get("ws/payloads/ab/abcd") == content
    kept.delete("ws/payloads/ab/abcd")
    kept.delete("ws/payloads/ab/abcd")
    with pytest.raises(ObjectMissing):
        kept.get("ws/payloads/ab/abcd")


def test_keys_come_in_order_and_by_page(kept: Storage) -> None:
    names = [f"ws/a/{number:02}/file-{number}.txt" for number in range(7)]
    for name in [*reversed(names), "ws/a", "other/x", "ws/b"][:8]:
        kept.put(name, b"") if name != "ws/a" else None
    kept.put("other/x", b"1")
    assert list(kept.keys("ws/a/")) == names
    assert list(kept.keys("ws/a/", limit=3)) == names[:3]
    assert list(kept.keys("ws/a/", after=names[2], limit=3)) == names[3:6]
    assert list(kept.keys("nobody/")) == []


def test_a_folder_keeps_what_it_holds_to_itself(tmp_path: Path) -> None:
    FolderStorage(tmp_path / "objects").put("ws/x", b"1")
    assert stat.S_IMODE((tmp_path / "objects" / "ws" / "x").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "objects" / "ws").stat().st_mode) == 0o700


@given(st.text(min_size=1, max_size=20))
def test_no_key_leads_out_of_the_folder(key: str) -> None:
    root = Path("/nonexistent/objects")
    for tried in (key, f"../{key}", f"a/../../{key}", f"/{key}", f"a//{key}"):
        try:
            FolderStorage(root).get(tried)
        except ObjectMissing:
            assert (root / tried).resolve().is_relative_to(root)
        except ValueError:
            pass


def test_a_full_disk_is_a_storage_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the folder should be")
    with pytest.raises(StorageAway, match="cannot be written"):
        FolderStorage(tmp_path / "objects").put("ws/x", b"1")


def test_a_bucket_keeps_objects_below_its_prefix_with_their_type(pail: Bucket) -> None:
    of(pail).put("ws/x", b"{}", content_type="application/json")
    assert pail.objects == {"below/ws/x": b"{}"}
    assert pail.types == {"below/ws/x": "application/json"}


def test_a_bucket_that_stumbles_is_asked_again(pail: Bucket) -> None:
    pail.failures += [503, 500]
    of(pail).put("ws/x", b"1")
    assert pail.objects == {"below/ws/x": b"1"}


@pytest.mark.parametrize(
    "changed", [{"secret_access_key": "wrong"}, {"access_key_id": "NOBODY"}, {"region": "us-east-1"}]
)
def test_a_wrong_proof_is_refused_and_said_so(pail: Bucket, changed: dict[str, str]) -> None:
    with pytest.raises(StorageAway, match="403"):
        of(pail, **changed).put("ws/x", b"1")
    assert pail.objects == {}


def test_a_bucket_that_does_not_answer_is_away() -> None:
    with bucket() as gone:
        found = of(gone)
    with pytest.raises(StorageAway, match="cannot be reached"):
        found.get("ws/x")
