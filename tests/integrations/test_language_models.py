"""Credentials of providers of models: what they sign, and that a real call tells a good key from a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError

from apps.core import egress
from apps.core.redaction import Redactor
from apps.integrations import registry
from apps.integrations.declare import Refused
from apps.integrations.opened import Opened, SignedDoor
from tests.fakes.anthropic import anthropic_server
from tests.fakes.gemini import gemini_server
from tests.fakes.ollama import ollama_server
from tests.fakes.openai import openai_server
from tests.fakes.scripted import KEY

Server = Callable[[], AbstractContextManager[Any]]
SERVERS: dict[str, Server] = {
    "openai": openai_server,
    "anthropic": anthropic_server,
    "gemini": gemini_server,
    "ollama": ollama_server,
    "groq": openai_server,
    "together": openai_server,
    "openai_compatible": openai_server,
}


def signed(type_: str, host: str, **fields: Any) -> tuple[Any, Any, Any]:
    kind = registry.credential_types()[type_]
    given = kind.Fields.model_validate(fields)
    opened = Opened(id=uuid4(), name="one", kind=kind, fields=given)
    return kind, given, SignedDoor(egress.HttpDoor(egress.Policy.of([host])), opened, Redactor())


@pytest.mark.parametrize("type_", SERVERS)
def test_the_provider_is_asked_which_models_there_are(type_: str) -> None:
    with SERVERS[type_]() as model:
        model.key = KEY
        kind, fields, http = signed(type_, model.host, base_url=f"{model.base}/", api_key=SecretStr(KEY))
        assert kind.models(fields, http) == (model.known or ["fake-small", "fake-large"])
        assert "2 models" in kind.test(fields, http)
        kind, fields, http = signed(type_, model.host, base_url=model.base, api_key=SecretStr("wrong-key-here"))
        with pytest.raises(Refused, match="does not accept") as refused:
            kind.test(fields, http)
        assert "wrong-key" not in str(refused.value)


def test_each_provider_has_one_that_fits() -> None:
    for provider in ("openai", "anthropic", "gemini", "ollama", "groq", "together", "custom"):
        assert len(registry.fitting(f"model:{provider}")) == 1
    assert set(registry.fitting("model")) == set(SERVERS)


def test_an_address_that_lists_no_models_is_told_from_one_that_does() -> None:
    with ollama_server() as model:
        kind, fields, http = signed("openai_compatible", model.host, base_url=f"{model.url}/api/version")
        with pytest.raises(Refused, match="404"):
            kind.test(fields, http)
        for base in ("ftp://models.example.com", "models.example.com", "https://models.example.com/?a=1"):
            with pytest.raises(ValidationError):
                signed("openai_compatible", model.host, base_url=base)


def test_further_headers_go_along_and_are_secret() -> None:
    with openai_server() as model:
        model.key = ""
        written = "X-Team: sales-department\nX-Route:  eu "
        kind, fields, http = signed("openai_compatible", model.host, base_url=model.base, headers=SecretStr(written))
        http.request("POST", f"{model.base}/chat/completions", json={"model": "m", "messages": []})
        assert {"x-team": "sales-department", "x-route": "eu"}.items() <= model.asked[0].headers.items()
        assert "authorization" not in model.asked[0].headers
        assert "sales-department" in kind.secrets(fields, {})
        with pytest.raises(ValidationError):
            signed("openai_compatible", model.host, base_url=model.base, headers=SecretStr("no header"))


def test_who_pays_is_said_to_openai() -> None:
    with openai_server() as model:
        given = {"api_key": SecretStr(KEY), "organization": "org-1", "project": "proj_1"}
        _, _, http = signed("openai", model.host, base_url=model.base, **given)
        http.request("POST", f"{model.base}/chat/completions", json={"model": "m", "messages": []})
        assert {"openai-organization": "org-1", "openai-project": "proj_1"}.items() <= model.asked[0].headers.items()
