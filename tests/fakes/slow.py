"""A receiver that takes its time and remembers: `GET /slow?ms=200`, `POST /effect` with an Idempotency-Key, `GET /log`.

With `honours=1` an effect that was asked for before under the same key is not done again. `POST /hook?fail=50` takes
outgoing webhooks, or does not. What is asked for, and which callers hung up before they were answered, goes into a log
of JSON lines.

Run as a process of its own (`python -m tests.fakes.slow --port 5690`), so that it neither shares an interpreter with
what is measured nor dies with it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

from aiohttp import web


class Receiver:
    """Counts calls, and keeps every effect it was asked for, with the key it came under."""

    def __init__(self, log: Path | None) -> None:
        self.calls = 0
        self.effects: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.log = log
        self.chance = random.Random(2026)

    async def slow(self, request: web.Request) -> web.Response:
        """Answer after `ms` milliseconds."""
        self.calls += 1
        await self._take_time(request, 200)
        return web.json_response({"ok": True, "step": request.query.get("step")})

    async def effect(self, request: web.Request) -> web.Response:
        """Do something once per call, or once per key, and write down under which key it was asked for."""
        body = await request.json()
        key = request.headers.get("Idempotency-Key")
        is_done = not (request.query.get("honours") and key in self.keys)
        self.keys.add(key)
        entry = {"key": key, "body": body, "method": request.method, "done": is_done, "at": time.time()}
        self.effects.append(entry)
        self._write(entry)
        await self._take_time(request, 20)
        return web.json_response({"done": True})

    async def hook(self, request: web.Request) -> web.Response:
        """Take an outgoing webhook: `fail` percent are answered 500, with `redirect` all are led elsewhere."""
        text = await request.text()
        status = 500 if self.chance.random() * 100 < float(request.query.get("fail", "0")) else 200
        status = 307 if request.query.get("redirect") else status
        headers = {name.lower(): value for name, value in request.headers.items()}
        entry = {"hook": str(request.rel_url), "headers": headers, "text": text, "status": status, "at": time.time()}
        self._write(entry)
        return web.Response(status=status, headers={"Location": "/hook"} if status == 307 else None)

    async def read(self, request: web.Request) -> web.Response:
        """What was received so far."""
        return web.json_response({"calls": self.calls, "effects": self.effects})

    async def _take_time(self, request: web.Request, default: float) -> None:
        try:
            await asyncio.sleep(float(request.query.get("ms", default)) / 1000)
        except asyncio.CancelledError:
            self._write({"hung_up": str(request.rel_url), "at": time.time()})
            raise

    def _write(self, entry: dict[str, Any]) -> None:
        if self.log:
            with self.log.open("a") as file:
                file.write(json.dumps(entry) + "\n")


def application(log: Path | None = None) -> web.Application:
    """The receiver as an application."""
    receiver = Receiver(log)
    app = web.Application()
    app.add_routes(
        [
            web.get("/slow", receiver.slow),
            web.post("/effect", receiver.effect),
            web.put("/effect", receiver.effect),
            web.post("/hook", receiver.hook),
            web.get("/log", receiver.read),
        ]
    )
    return app


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--log", type=Path)
    given = options.parse_args()
    served = application(given.log)
    web.run_app(served, host="127.0.0.1", port=given.port, print=None, access_log=None, handler_cancellation=True)
