"""What the gateway adds to a call of a model, and fifty calls that wait ten seconds each, in threads of one process.

The providers' fakes run in a process of their own; each call is written into the ledger of a product of its own.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID, uuid4

from config.embedded.services import attach
from tests.bench.product import ROOT, product
from tests.chaos.world import free_port

TIMES, AT_ONCE, WAIT_SECONDS = 100, 50, 10.0
_RAW: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "0"}]}),
    "anthropic": (
        "/v1/messages",
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "0"}]},
    ),
    "gemini": (
        "/v1beta/models/m:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "0"}]}]},
    ),
    "ollama": (
        "/api/chat",
        {"model": "llama3.2:3b", "stream": False, "messages": [{"role": "user", "content": "0"}]},
    ),
}
_MODELS = {
    "openai": "gpt-4.1-mini",
    "anthropic": "claude-sonnet-5",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2:3b",
}


def main() -> str:
    """Measure; the table as Markdown."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    fakes = context.Process(target=_serve, args=(theirs,), daemon=True)
    fakes.start()
    try:
        urls: dict[str, str] = mine.recv()
        allow = ",".join(url.removeprefix("http://") for url in urls.values())
        with product(free_port(), allow) as target:
            workspace = str(target.call("GET", "/api/v1/app/workspace/")["id"])
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.models", json.dumps(urls), workspace],
                env=target.environment,
                cwd=ROOT,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
    finally:
        fakes.kill()
    text = done.stdout.partition("<<<")[2]
    print(text, flush=True)
    return text


def _serve(pipe: Connection) -> None:
    from tests.fakes.anthropic import anthropic_server
    from tests.fakes.gemini import gemini_server
    from tests.fakes.ollama import ollama_server
    from tests.fakes.openai import openai_server
    from tests.fakes.scripted import Asked, Say

    def answer(asked: Asked) -> Say:
        return Say("An answer of some eight words or so.", delay=float(asked.text))

    servers = {
        "openai": openai_server,
        "anthropic": anthropic_server,
        "gemini": gemini_server,
        "ollama": ollama_server,
    }
    with ExitStack() as stack:
        models = {name: stack.enter_context(server()) for name, server in servers.items()}
        for model in models.values():
            model.answers(answer)
            model.key = ""
        pipe.send({name: model.url for name, model in models.items()})
        pipe.recv()


def _measure(urls: dict[str, str], workspace_id: str) -> str:
    from django.conf import settings
    from pydantic import SecretStr

    from apps.ai.gateway import Caller, Gateway, wire
    from apps.core import egress
    from apps.integrations import registry
    from apps.integrations.opened import Opened
    from apps.nodes.contract import ChatRequest, Message, ModelRef

    began = time.perf_counter()
    wire.load()
    imported = time.perf_counter() - began
    door = egress.door(egress.Policy.of(settings.EGRESS_ALLOW))
    credentials: dict[Any, Opened] = {}
    gateway = Gateway(Caller(UUID(workspace_id)), lambda ref, use: credentials[ref.credential])
    rows = []
    refs: dict[str, ModelRef] = {}
    for provider, url in urls.items():
        kind, id_ = registry.credential_types()[provider], uuid4()
        base = url + {"openai": "/v1", "gemini": "/v1beta"}.get(provider, "")
        fields = kind.Fields.model_validate({"base_url": base, "api_key": SecretStr("sk-bench")})
        credentials[id_] = Opened(id=id_, name=provider, kind=kind, fields=fields)
        refs[provider] = ModelRef.model_validate({"provider": provider, "model": _MODELS[provider], "credential": id_})
        path, body = _RAW[provider]

        def raw(url: str = url + path, body: dict[str, Any] = body) -> None:
            assert door.request("POST", url, json=body).status == 200

        def ask(wait: float = 0, ref: ModelRef = refs[provider], on_text: Any = None) -> None:
            messages = (Message.of("user", str(wait)),)
            gateway.chat(ChatRequest(models=(ref,), messages=messages), on_text=on_text)

        def stream(ask: Callable[..., None] = ask) -> None:
            ask(on_text=lambda piece: None)

        figures = [_p50(raw), _p50(ask), _p50(stream)]
        rows.append(
            f"| {provider} | {figures[0]:.1f} | {figures[1]:.1f} | {figures[1] - figures[0]:.1f} | {figures[2]:.1f} |"
        )
        if provider == "openai":
            waiting = ask
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda _: waiting(WAIT_SECONDS), range(AT_ONCE)))
    together = time.perf_counter() - began
    return "\n".join(
        [
            f"Measured {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}. "
            f"LiteLLM was imported in {imported:.1f} s. {AT_ONCE} calls that waited {WAIT_SECONDS:.0f} s each, in "
            f"threads of one process, were answered after {together:.1f} s.",
            "",
            "| p50 in ms | asked directly | through the gateway | it adds | streamed |",
            "|---|--:|--:|--:|--:|",
            *rows,
        ]
    )


def _p50(call: Callable[[], None]) -> float:
    times = []
    for _ in range(TIMES + 5):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times[5:])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    attach()
    import django

    django.setup()
    print("<<<" + _measure(json.loads(sys.argv[1]), sys.argv[2]))
