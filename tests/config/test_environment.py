"""The environment is read loudly: what cannot be used stops the start with the variable's name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings import environment as env


def test_database_urls() -> None:
    found = env.database("postgresql://me:p%40ss@db.example:6432/flow?sslmode=require", name="X")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "me",
        "p@ss",
        "db.example",
        "6432",
        "flow",
    )
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_a_database_behind_a_socket() -> None:
    found = env.database("postgresql://agentflow_app@/agentflow?host=/tmp/a%20b/s", name="X")
    assert (found["HOST"], found["NAME"], found["USER"], found["PORT"]) == (
        "/tmp/a b/s",
        "agentflow",
        "agentflow_app",
        "",
    )


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://host", "postgresql://h:port/d", "nonsense", ""])
def test_what_is_no_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        env.database(url, name="DATABASE_URL")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("amqp://u:p@rabbit//", "amqp://u:p@rabbit//"),
    ],
)
def test_broker_urls(url: str, expected: str) -> None:
    assert env.broker(url) == expected


def test_mail_urls() -> None:
    found = env.mail("smtp://me%40x.org:pw@mail.example:587?tls=1")
    assert (found["EMAIL_HOST_USER"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (
        "me@x.org",
        587,
        True,
        False,
    )
    assert env.mail("smtps://mail.example")["EMAIL_PORT"] == 465
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.mail("mail.example")


def test_flags_numbers_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "yes")
    monkeypatch.setenv("B", "perhaps")
    monkeypatch.setenv("C", " a, b ,,c ")
    assert env.flag("A", False) is True
    assert env.flag("MISSING", True) is True
    assert env.listing("C") == ["a", "b", "c"]
    with pytest.raises(ImproperlyConfigured, match="B="):
        env.flag("B", False)
    with pytest.raises(ImproperlyConfigured, match="B="):
        env.number("B", 1)
    with pytest.raises(ImproperlyConfigured, match="MISSING"):
        env.text("MISSING")


def test_lengths_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.seconds("MISSING", "0,5,300") == [0, 5, 300]
    monkeypatch.setenv("A", "0.1, 2")
    assert env.seconds("A", "1") == [0.1, 2]
    for wrong in ("soon", "1,-2", "inf", ","):
        monkeypatch.setenv("A", wrong)
        with pytest.raises(ImproperlyConfigured, match="A="):
            env.seconds("A", "1")


@pytest.mark.parametrize("value", ["", "change-me", "x" * 60, "short", "django-insecure-" + "abcdefgh" * 8])
def test_a_secret_key_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SECRET_KEY", value)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        env.secret_key()


def test_the_kept_secret_key_is_private_and_stays(tmp_path: Path) -> None:
    first = env.secret_key_in(tmp_path / "var")
    kept = tmp_path / "var" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert env.secret_key_in(tmp_path / "var") == first
    assert len(first) >= 64
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]
    kept.write_text("broken")
    with pytest.raises(ImproperlyConfigured, match="damaged"):
        env.secret_key_in(tmp_path / "var")


def test_where_objects_are_kept(tmp_path: Path) -> None:
    keys = {"access_key_id": "me", "secret_access_key": "secret"}
    assert env.object_storage("", folder=tmp_path) == {"kind": "folder", "path": str(tmp_path)}
    assert env.object_storage("file:///data/my%20objects", folder=tmp_path)["path"] == "/data/my objects"
    found = env.object_storage("s3://files/agent/flow/?region=eu-central-1", folder=tmp_path, **keys)
    assert (found["bucket"], found["prefix"]) == ("files", "agent/flow/")
    assert found["endpoint"] == "https://s3.eu-central-1.amazonaws.com"
    own = env.object_storage("s3://files?endpoint=http://minio:9000", folder=tmp_path, **keys)
    assert (own["endpoint"], own["prefix"], own["region"]) == ("http://minio:9000", "", "us-east-1")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file://host/folder", "file:///folder"),
        ("s3:///prefix", "must look like"),
        ("gs://bucket", "must look like"),
        ("s3://bucket?endpoint=minio:9000", "must look like"),
        ("s3://bucket?acl=public", "must look like"),
        ("s3://bucket", "S3_ACCESS_KEY_ID"),
    ],
)
def test_what_is_no_storage_is_refused(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        env.object_storage(url, folder=tmp_path)
