"""Every shape starts from an environment that is right, and refuses one that is not."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys

import pytest

from config.embedded.services import REPOSITORY

pytestmark = pytest.mark.integration

GOOD = {
    "DATABASE_URL": "postgresql://agentflow@db.example/agentflow",
    "REDIS_URL": "redis://cache.example/0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "CREDENTIAL_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    "ALLOWED_HOSTS": "flow.example",
    "BASE_URL": "https://flow.example",
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
}


def start(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "AGENTFLOW_VAR")}
    wanted = {name: value for name, value in (kept | GOOD | changes).items() if value}
    return subprocess.run(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=wanted,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_passes_djangos_deployment_checks() -> None:
    done = start("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "change-me"),
        ("CREDENTIAL_KEYS", ""),
        ("CREDENTIAL_KEYS", "change-me"),
        ("CREDENTIAL_KEYS_FILE", "/nonexistent/keys"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("BASE_URL", "http://x"),
    ],
)
def test_production_refuses_to_start_half_configured(name: str, value: str) -> None:
    done = start("-c", "import config.settings.production", **{name: value})
    assert done.returncode != 0
    assert name in done.stderr


REPORT = """
import sentry_sdk, config.settings.production
client = sentry_sdk.get_client()
sent = []
client.transport.capture_envelope = sent.append
def fail(caller):
    body = caller * 2
    raise ValueError("at /enter/s3cret-token/ with af_01234567_s3cret")
try:
    fail("s3cret-of-a-caller")
except ValueError:
    sentry_sdk.add_breadcrumb(message="GET /i/s3cret-link/")
    sentry_sdk.capture_exception()
text = str(sent[0].get_event())
assert "ValueError" in text and "/i/" in text
assert "s3cret" not in text, text
"""


def test_a_fault_is_reported_without_what_callers_sent() -> None:
    done = start("-c", REPORT, SENTRY_DSN="http://key@127.0.0.1:9/1")
    assert done.returncode == 0, done.stderr
