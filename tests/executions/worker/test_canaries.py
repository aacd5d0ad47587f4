"""Secrets of credentials in use appear nowhere: not in the database, files, logs, API, pages, exports.

Each credential holds a canary, is used against a server that says back what it was sent, in answers, errors, headers,
files and broken HTTP, and then everything is searched for every form of every canary. `AGENTFLOW_CANARIES=200`
makes it two hundred of them.
"""

from __future__ import annotations

import io
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from mcp_types import Tool
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rest_framework.test import APIClient

from apps.accounts.access.resolve import member_actor
from apps.accounts.models import User, Workspace
from apps.ai import services as ai
from apps.core.redaction import NoSecrets, forms_of
from apps.core.telemetry import spans
from apps.executions import circuits
from apps.integrations import services
from apps.integrations.models import Credential
from apps.nodes.contract import ModelRef
from apps.workflows import services as workflows
from tests.executions.conftest import Engine, definition, node
from tests.fakes.anthropic import anthropic_server
from tests.fakes.echo import WAYS, echo
from tests.fakes.gemini import gemini_server
from tests.fakes.mcp import McpServer, Scripted, mcp_server
from tests.fakes.ollama import ollama_server
from tests.fakes.openai import openai_server
from tests.fakes.scripted import Asked, Call, Fail, Say

pytestmark = pytest.mark.integration
CANARIES = int(os.environ.get("AGENTFLOW_CANARIES", "6"))


def canary() -> str:
    return f"cn~{secrets.token_urlsafe(15)}+/={secrets.token_hex(4)}"


MAKE: dict[str, Callable[[str], dict[str, str]]] = {
    "http_basic": lambda secret: {"username": "ann", "password": secret},
    "bearer": lambda secret: {"token": secret},
    "header": lambda secret: {"header": "X-Secret", "value": secret},
    "query": lambda secret: {"parameter": "api_key", "value": secret},
    "aws": lambda secret: {
        "access_key_id": "AKIAEXAMPLE",
        "secret_access_key": secret,
        "session_token": secret,
        "service": "s3",
    },
    "webhook_secret": lambda secret: {"secret": secret},
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server's log would hold, at its most talkative."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(NoSecrets())
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def create(workspace: Workspace, alice: User, url: str, at: int, secret: str) -> Credential:
    type_ = list(MAKE)[at % len(MAKE)]
    fields = MAKE[type_](secret)
    if type_ != "webhook_secret":
        fields["test_url"] = f"{url}/{('json', 'refuse')[at % 2]}"
    return services.credential_create(
        workspace_id=workspace.id,
        actor=member_actor(alice, "owner"),
        name=f"Canary {at}",
        type=type_,
        fields=fields,
        allow_unverified=True,
    )


def calls(url: str, row: Credential, ways: tuple[str, ...]) -> dict[str, Any]:
    """These ways of echoing, one after the other; what the first one gave is handed on."""
    auth = {"kind": "credential", "credential": str(row.id), "name": row.name, "type": row.type}
    nodes = [node("t", "TRIGGER.MANUAL")]
    for way in ways:
        method = "POST" if way in ("json", "refuse") else "GET"
        given = {"url": f"{url}/{way}", "method": method, "auth": auth, "timeout_seconds": 2}
        nodes.append(node(way, "ACTION.HTTP_REQUEST", **given, _on_error="continue", _retry={"attempts": 1}))
    nodes.append(node("all", "ACTION.TRANSFORM", fields=[{"name": "x", "value": f'{{{{ $node["{ways[0]}"] }}}}'}]))
    names = [each["id"] for each in nodes]
    return definition(nodes, [f"{a} > {b}" for a, b in pairwise(names)])


def whole_database() -> dict[str, str]:
    """Every row of every table as text, read by a role from which nothing is hidden."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(t::text, chr(10)) FROM {table} t")
            found[table] = cursor.fetchone()[0] or ""
    return found


def test_no_canary_is_found_anywhere(
    engine: Engine, workspace: Workspace, alice: User, objects: Path, log: io.StringIO, settings: Any, client: Client
) -> None:
    planted = {at: canary() for at in range(CANARIES)}
    client.force_login(alice)
    api = APIClient()
    api.force_login(alice)
    answers: dict[str, str] = {}
    with echo() as there:
        settings.EGRESS_ALLOW = [there.host]
        rows = {at: create(workspace, alice, there.url, at, secret) for at, secret in planted.items()}
        for at, row in rows.items():
            if row.type == "webhook_secret":
                continue
            # Few go all the ways; of many, each goes three, so that all types have gone all of them.
            ways = WAYS if CANARIES < 20 else tuple(WAYS[(at // len(MAKE) + turn) % len(WAYS)] for turn in (0, 3, 6))
            circuits.forget()
            with connections["owner"].cursor() as cursor:
                cursor.execute("DELETE FROM executions_circuit")
            made = workflows.workflow_create(
                workspace_id=workspace.id,
                actor=member_actor(alice, "owner"),
                name=f"With {row.name}",
                definition=calls(there.url, row, ways),
            )
            started = api.post(f"/api/v1/app/workflows/{made.id}/test/")
            assert started.status_code == 201, started.content
            execution = started.json()["id"]
            engine.poke()
            assert engine.until(execution, seconds=30)["status"] == "SUCCESS"
            if CANARIES >= 20 and at % 11:
                continue
            for path in (
                f"executions/{execution}/",
                f"executions/{execution}/logs/",
                f"executions/{execution}/artifacts/",
                f"workflows/{made.id}/",
                f"workflows/{made.id}/export/",
                f"credentials/{row.id}/",
                f"credentials/{row.id}/uses/",
            ):
                answer = api.get(f"/api/v1/app/{path}")
                assert answer.status_code == 200, path
                answers[f"{row.type} {path}"] = b"".join(answer).decode()
            for page in (f"executions/{execution}/", f"workflows/{made.id}/", f"integrations/{row.id}/"):
                answers[f"{row.type} {page}"] = client.get(f"/w/{workspace.slug}/{page}").content.decode()
        # It was really sent: otherwise finding nothing would prove nothing.
        heads = "\n".join(there.heads)
        for at, secret in planted.items():
            if rows[at].type in ("http_basic", "bearer", "header", "query"):
                assert any(form in heads for form in forms_of(secret)), rows[at].type
    for listing in ("credentials/", "executions/", "logs/", "audit-events/", "circuits/", "workflows/"):
        answers[listing] = api.get(f"/api/v1/app/{listing}").content.decode()
    for page in ("integrations/", "executions/", "workflows/", "settings/limits/"):
        answers[page] = client.get(f"/w/{workspace.slug}/{page}").content.decode()
    files = {str(path): path.read_bytes().decode("latin-1") for path in objects.rglob("*") if path.is_file()}
    places = whole_database() | answers | files | {"log": log.getvalue()}
    assert any(place.startswith("executions_node") and text for place, text in places.items())
    assert "[secret]" in "".join(places.values())
    assert len(files) >= 1
    found = [
        (place, at, rows[at].type, form)
        for at, secret in planted.items()
        for form in forms_of(secret)
        for place, text in places.items()
        if form in text
    ]
    assert found == []
    characters = sum(map(len, places.values()))
    print(f"{CANARIES} canaries, {len(there.heads)} calls, {len(places)} places, {characters:,} characters, 0 found")


@pytest.mark.xdist_group("litellm")
@pytest.mark.parametrize(
    ("subtype", "server", "type_", "model"),
    [
        ("OPENAI", openai_server, "openai", "gpt-5-mini"),
        ("CLAUDE", anthropic_server, "anthropic", "claude-sonnet-5"),
        ("GEMINI", gemini_server, "gemini", "gemini-2.5-flash"),
        ("OLLAMA", ollama_server, "ollama", "llama3.2:3b"),
        ("CUSTOM", openai_server, "openai_compatible", "house"),
        ("CUSTOM", openai_server, "groq", "house"),
        ("CUSTOM", openai_server, "together", "house"),
    ],
)
def test_no_key_of_a_provider_is_found_anywhere(
    engine: Engine,
    workspace: Workspace,
    alice: User,
    log: io.StringIO,
    settings: Any,
    subtype: str,
    server: Any,
    type_: str,
    model: str,
) -> None:
    """The model says back what key it was called with, in its answer and in its error; prompts stand in no log."""
    key, api = canary(), APIClient()
    source = {"source": {"openai_compatible": "custom"}.get(type_, type_)} if subtype == "CUSTOM" else {}
    api.force_login(alice)
    answers: dict[str, str] = {}

    def quoting(asked: Asked) -> Say | Fail:
        words = f"You are {asked.key}, and sent {asked.headers}."
        return Fail.bad(words) if "fail" in asked.text else Say(words, thought=words)

    with server() as fake:
        settings.EGRESS_ALLOW = [fake.host]
        fake.key = key
        fake.answers(quoting)
        row = services.credential_create(
            workspace_id=workspace.id,
            actor=member_actor(alice, "owner"),
            name="Provider",
            type=type_,
            fields={"api_key": key, "base_url": fake.base},
            allow_unverified=True,
        )
        auth = {"kind": "credential", "credential": str(row.id), "name": row.name, "type": row.type}
        for prompt, status in (("a question nobody may log", "SUCCESS"), ("fail", "ERROR")):
            made = workflows.workflow_create(
                workspace_id=workspace.id,
                actor=member_actor(alice, "owner"),
                name=prompt,
                definition=definition(
                    [
                        node("t", "TRIGGER.MANUAL"),
                        node(
                            "a",
                            f"AI_AGENT.{subtype}",
                            model=model,
                            prompt=prompt,
                            credential=auth,
                            **source,
                            _retry={"attempts": 1},
                        ),
                    ],
                    ["t > a"],
                ),
            )
            started = api.post(f"/api/v1/app/workflows/{made.id}/test/")
            assert started.status_code == 201, started.content
            engine.poke()
            found = engine.until(started.json()["id"], seconds=60)
            assert found["status"] == status, (found["error"], log.getvalue()[-3000:])
            for path in (f"executions/{found['id']}/", f"executions/{found['id']}/logs/", "circuits/"):
                answers[f"{prompt} {path}"] = api.get(f"/api/v1/app/{path}").content.decode()
        assert {each.key for each in fake.asked} == {key}
    places = whole_database() | answers | {"log": log.getvalue()}
    assert "[secret]" in "".join(places.values())
    assert [(place, form) for form in forms_of(key) for place, text in places.items() if form in text] == []
    assert "nobody may log" not in places["log"]


@dataclass
class Gossip(Scripted):
    """A tool that says whom it was asked by, where it is listed and where it is called."""

    server: McpServer | None = None

    def listed(self) -> Tool:
        assert self.server is not None
        return (
            super().listed().model_copy(update={"description": f"For {self.server.seen[-1][2].get('authorization')}."})
        )


@pytest.mark.xdist_group("litellm")
def test_no_secret_of_an_agent_and_its_tools_is_found_anywhere(
    engine: Engine,
    workspace: Workspace,
    alice: User,
    log: io.StringIO,
    settings: Any,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Model, action, MCP server: each says back what it was called with, in descriptions, results, arguments, letter by
    letter, and it all goes into steps, memories, ledger, comparisons, live pieces, spans and caches.
    """
    owner, api, exporter = member_actor(alice, "owner"), APIClient(), InMemorySpanExporter()
    planted = {name: canary() for name in ("model", "action", "server")}
    shown, cached = list[str](), dict[str, Any]()
    settings.GENAI_TRACE_CONTENT = True
    spans.configure(service="test", exporter=exporter)
    monkeypatch.setattr("apps.ai.agents.turns._PIECE_SECONDS", 0.0)
    monkeypatch.setattr("apps.executions.live.streamed", lambda *_, text, **__: shown.append(text))
    keeping = SimpleNamespace(get=cached.get, set=lambda key, value, _: cached.update({key: value}))
    monkeypatch.setattr("apps.ai.mcp.keeping.cache", keeping)
    client.force_login(alice)
    api.force_login(alice)

    def credential(name: str, type_: str, **fields: str) -> Credential:
        return services.credential_create(
            workspace_id=workspace.id, actor=owner, name=name, type=type_, fields=fields, allow_unverified=True
        )

    def auth(row: Credential) -> dict[str, str]:
        return {"kind": "credential", "credential": str(row.id), "name": row.name, "type": row.type}

    def quoting(asked: Asked) -> Say:
        words = f"I was asked with {asked.key} and {asked.text}"
        if asked.results or not asked.tools:
            return Say(words, letters=7)
        return Say(
            words,
            calls=(
                Call("look", {"at": asked.key}),
                Call("gossip"),
                Call("remember", {"name": "k", "value": asked.key}),
            ),
        )

    try:
        with openai_server() as fake, echo() as there, mcp_server() as server:
            settings.EGRESS_ALLOW = [fake.host, there.host, server.host]
            fake.key = planted["model"]
            fake.answers(quoting)
            server.offer(Gossip("gossip", lambda _: f"For {server.seen[-1][2]}.", server=server))
            model = credential("Model", "openai", api_key=planted["model"], base_url=fake.base)
            action = credential("Action", "bearer", token=planted["action"])
            mcp = credential("Server", "bearer", token=planted["server"])
            ref = ModelRef(provider="openai", model="gpt-4.1-mini", credential=model.id)
            request = {"url": f"{there.url}/json", "query": {"at": "{{ $item.at }}"}, "auth": auth(action)}
            tool = {"title": "look", "description": "It looks.", "fills": [{"name": "at"}], "params": request}
            attached = [
                node("look", "TOOL.NODE", node="ACTION.HTTP_REQUEST", approval="never", **tool),
                node("mcp", "TOOL.MCP", url=server.url, approval="never", auth=auth(mcp)),
                node("buffer", "MEMORY.BUFFER", session="ann"),
                node("notes", "MEMORY.KEY_VALUE", session="ann"),
            ]
            agent = node(
                "a",
                "AI_AGENT.OPENAI",
                model=ref.model,
                prompt="Go.",
                credential=auth(model),
                keep_trace=True,
                _attached=[each["id"] for each in attached],
            )
            made = workflows.workflow_create(
                workspace_id=workspace.id,
                actor=owner,
                name="Agent",
                definition=definition([node("t", "TRIGGER.MANUAL"), agent, *attached], ["t > a"]),
            )
            started = api.post(f"/api/v1/app/workflows/{made.id}/test/")
            assert started.status_code == 201, started.content
            engine.poke()
            found = engine.until(started.json()["id"], seconds=60)
            assert found["status"] == "SUCCESS", (found["error"], log.getvalue()[-3000:])
            compared = ai.comparison_start(workspace_id=workspace.id, actor=owner, models=[ref], prompt="Who am I?")
            assert ai.comparisons_work()
            assert {each.key for each in fake.asked} == {planted["model"]}
            assert any(planted["action"] in head for head in there.heads)
            assert any(planted["server"] in str(headers) for *_, headers in server.seen)
    finally:
        spans.switch_off()
    places = whole_database() | {"log": log.getvalue(), "live": "".join(shown), "cache": json.dumps(cached)}
    places["spans"] = "\n".join(each.to_json() for each in exporter.get_finished_spans())
    for path in (
        f"executions/{found['id']}/",
        f"executions/{found['id']}/logs/",
        f"executions/{found['id']}/steps/?node=a",
        f"ai/executions/{found['id']}/",
        f"ai/compare/{compared.id}/",
        "ai/calls/",
        "ai/memories/",
        "ai/models/",
        "ai/settings/",
    ):
        answer = api.get(f"/api/v1/app/{path}")
        assert answer.status_code == 200, (path, answer.content)
        places[path] = answer.content.decode()
    for row in json.loads(places["ai/memories/"])["results"]:
        kept = f"{row['id']}/"
        for part in ("messages/", "facts/"):
            places[f"{row['kind']} {part}"] = api.get(f"/api/v1/app/ai/memories/{kept}{part}").content.decode()
        places[f"{row['kind']} page"] = client.get(f"/w/{workspace.slug}/settings/memories/{kept}").content.decode()
    for page in (f"executions/{found['id']}/", "settings/models/", "settings/ai-usage/", "settings/models/compare/"):
        places[page] = client.get(f"/w/{workspace.slug}/{page}").content.decode()
    for name in ("executions_step", "ai_memory_message", "ai_memory_fact", "ai_comparison_answer", "ai_call"):
        assert any(place.startswith(name) and text for place, text in places.items()), name
    assert [name for name in ("live", "cache", "spans", "ai/memories/") if not places[name]] == []
    assert "[secret]" in places["live"]
    leaks = [
        (place, name)
        for name, secret in planted.items()
        for form in forms_of(secret)
        for place, text in places.items()
        if form in text
    ]
    assert leaks == []
