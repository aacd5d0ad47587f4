"""LiteLLM has no way out but ours, knows no key, and takes nothing from the environment."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from typing import Any, get_args

import pytest

from apps.nodes.contract import NodeError, Provider
from tests.ai.gateway.conftest import SERVERS, Asking
from tests.fakes.scripted import KEY, Fail

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("litellm")]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
_connecting = threading.local()


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    seen = getattr(_connecting, "seen", None)
    if seen is not None and event == "socket.connect" and isinstance(arguments[1], tuple):
        seen.append("".join(traceback.format_stack()))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_private_address_is_refused_and_nothing_goes_around(
    asking: Asking, provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fake, ref = asking.connect(provider)
    sys.addaudithook(_watch)
    _connecting.seen = []
    try:
        asking.chat(ref)
        allowed, settings.EGRESS_ALLOW = settings.EGRESS_ALLOW, []
        with pytest.raises(NodeError) as failed:
            asking.chat(ref, on_text=lambda piece: None)
        settings.EGRESS_ALLOW = allowed
        asking.chat(ref, on_text=lambda piece: None)
    finally:
        ways, _connecting.seen = _connecting.seen, None
    assert failed.value.code == "ai.bad_request"
    assert "EGRESS_ALLOW" in failed.value.hint
    assert len(fake.asked) == 2
    outside = [way for way in ways if "apps/core/egress/transport.py" not in way and "psycopg" not in way]
    assert not outside, outside[0][-1500:]


def test_nothing_leaves_outside_of_a_call(asking: Asking) -> None:
    from apps.ai.gateway import wire

    fake, _ = asking.connect("openai")
    library = wire.load()
    with pytest.raises(Exception, match=r"(?i)connection"):
        library.completion(model="openai/gpt-4o", messages=[{"role": "user", "content": "x"}], api_base=fake.base,
                           api_key="x", max_retries=0)  # fmt: skip
    with pytest.raises(Exception, match="nobody opened a way"):
        library.module_level_client.get(fake.base)
    assert not fake.seen


def test_another_host_than_the_credentials_is_not_reached(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.ai.gateway import wire

    (mine, ref), (other, _) = asking.connect("openai"), asking.connect("openai")
    library = wire.load()
    real = library.completion
    monkeypatch.setattr(library, "completion", lambda **given: real(**given | {"api_base": other.base}))
    with pytest.raises(NodeError, match="not where this call leads"):
        asking.chat(ref)
    assert not mine.seen
    assert not other.seen


def test_keys_and_addresses_of_the_environment_are_not_used(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "GROQ", "TOGETHERAI", "TOGETHER_AI", "OLLAMA"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-of-the-environment")
        monkeypatch.setenv(f"{name}_API_BASE", "http://127.0.0.1:9/env")
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9/env")
    monkeypatch.setenv("OPENAI_ORGANIZATION", "org-of-the-environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-the-environment")
    for provider in PROVIDERS:
        for key in (KEY, ""):
            if key == "" and provider not in ("ollama", "custom"):
                continue
            fake, ref = asking.connect(provider, key=key)
            fake.key = ""
            asking.chat(ref)
            asking.chat(ref, on_text=lambda piece: None)
            for asked in fake.asked:
                assert asked.key == key
                assert "environment" not in str(asked.headers), provider


def test_a_key_is_nowhere_to_be_seen(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "sk-canary-7f3a9c5e1b"
    for provider in PROVIDERS:
        fake, ref = asking.connect(provider, key=secret)
        fake.key = secret
        asking.chat(ref)
        fake.says(Fail(401, f"Incorrect API key provided: {secret}", "bad"), Fail.bad(f"I know {secret}."))
        for _ in range(2):
            with pytest.raises(NodeError) as failed:
                asking.chat(ref)
            told = f"{failed.value!r} {failed.value.hint} {failed.value.details} {failed.value.args}"
            assert secret not in told
            assert failed.value.__cause__ is None
    assert secret not in caplog.text
    assert "Hello" not in caplog.text, "what was asked stands in no log"


def test_litellm_is_set_up_as_it_should_be(asking: Asking) -> None:
    from apps.ai.gateway import wire

    library = wire.load()
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert not library.telemetry
    assert not library.drop_params
    assert set(library.success_callback) <= {"cache"}
    assert set(SERVERS) == set(PROVIDERS)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_connections_are_kept_alive(asking: Asking, provider: Provider) -> None:
    fake, ref = asking.connect(provider)
    for _ in range(3):
        asking.chat(ref)
        asking.chat(ref, on_text=lambda piece: None)
    assert (len(fake.asked), fake.connections) == (6, 1)
