"""Fifty agents whose model takes ten seconds, on one worker process: together they take hardly longer than one."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.bench.product import Product, product
from tests.chaos.world import free_port
from tests.fakes.openai import openai_server
from tests.fakes.scripted import KEY, Asked, Say

AGENTS, SECONDS = 50, 10.0
PATIENCE = 120.0


def main() -> str:
    """Measure; one paragraph of Markdown."""
    load = os.getloadavg()[0]
    with openai_server() as model, product(free_port(), model.host) as target:
        model.answers(lambda asked: _said(asked))
        url = _installed(target, model.base)
        others = _succeeded(target)  # the demo has some
        asyncio.run(_started(url, 1))  # the library that speaks to models is loaded once per process
        _until(target, others + 1)
        began, known = time.perf_counter(), len(model.asked)
        asyncio.run(_started(url, AGENTS))
        _until(target, others + 1 + AGENTS)
        whole = time.perf_counter() - began
        asked = [each.at for each in model.asked[known:]]
    text = (
        f"Measured {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load average {load:.1f} when it began. "
        f"{AGENTS} agents of one turn that takes {SECONDS:g} s, started at once by webhook, on one worker process: all "
        f"had ended after {whole:.1f} s; the model was asked {len(asked)} times, the first and the last "
        f"{max(asked) - min(asked):.1f} s apart."
    )
    print(text, flush=True)
    return text


def _said(asked: Asked) -> Say:
    return Say("Done.", delay=SECONDS if "slow" in asked.text else 0.0)


def _installed(target: Product, base: str) -> str:
    fields = {"base_url": base, "api_key": KEY}
    body = {"name": "OpenAI", "type": "openai", "fields": fields, "allow_unverified": True}
    key = target.call("POST", "/api/v1/app/credentials", body)["id"]
    credential = {"kind": "credential", "credential": key, "name": "OpenAI"}
    params = {"model": "gpt-5-mini", "prompt": "Be slow: {{ $json.body.slow }}", "credential": credential}
    hook = {"path": "agents", "method": "POST", "respond": "immediately"}
    definition: dict[str, Any] = {
        "nodes": [
            {"id": "hook", "name": "Ask", "type": "TRIGGER", "subtype": "WEBHOOK", "params": hook},
            {"id": "desk", "name": "Desk", "type": "AI_AGENT", "subtype": "OPENAI", "params": params},
        ],
        "connections": [{"from": "hook", "port": "main", "to": "desk"}],
        "settings": {},
    }
    made = target.call("POST", "/api/v1/app/workflows", {"name": "Agents", "definition": definition})["id"]
    target.call("POST", f"/api/v1/app/workflows/{made}/activate")
    return f"{target.base}/webhooks/demo/agents"


async def _started(url: str, count: int) -> None:
    async with aiohttp.ClientSession() as session:

        async def start() -> None:
            async with session.post(url, json={"slow": "slow"}) as response:
                response.raise_for_status()

        await asyncio.gather(*(start() for _ in range(count)))


def _until(target: Product, count: int) -> None:
    """Wait until so many have succeeded."""
    until = time.perf_counter() + PATIENCE
    while (found := _succeeded(target)) < count:
        if time.perf_counter() > until:
            raise RuntimeError(f"{found} of {count} succeeded within {PATIENCE:g} s.")
        time.sleep(0.1)


def _succeeded(target: Product) -> int:
    """How many executions have. Raises `RuntimeError` when one has failed."""
    found = target.call("GET", "/api/v1/app/executions?page_size=100")
    states = [row["status"] for row in (found["results"] if isinstance(found, dict) else found)]
    if "ERROR" in states:
        raise RuntimeError("An execution failed.")
    return states.count("SUCCESS")
