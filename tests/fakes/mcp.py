"""An MCP server in a thread: the official SDK's, over streamable HTTP on a free port of this machine.

Its tools are scripted: what they answer, how long they take, what they say of themselves. It counts what it is asked.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp_types import CallToolResult, ImageContent, ListToolsResult, TextContent, Tool, ToolAnnotations

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@dataclass
class Scripted:
    """One tool. `answer` gets the arguments; `steps` tells of progress so often, `seconds` apart, before it answers."""

    name: str
    answer: Callable[[dict[str, Any]], Any] = lambda given: "ok"
    description: str = "Does something."
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    output_schema: dict[str, Any] | None = None
    hints: dict[str, bool] = field(default_factory=dict)
    title: str | None = None
    steps: int = 0
    seconds: float = 0.0

    def listed(self) -> Tool:
        """As the server lists it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.schema,
            output_schema=self.output_schema,
            annotations=ToolAnnotations.model_validate(self.hints) if self.hints else None,
        )


@dataclass
class McpServer:
    """What it offers, what it saw, how it behaves."""

    tools: dict[str, Scripted] = field(default_factory=dict)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of each request."""
    lists: int = 0
    cancelled: int = 0
    allows: Callable[[str], bool] | None = None
    """Whether an Authorization header is good; None: nobody is asked."""
    redirect: str = ""
    """Where it sends everybody instead."""
    page_size: int = 50
    port: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def host(self) -> str:
        """`host:port`, as EGRESS_ALLOW wants it."""
        return f"127.0.0.1:{self.port}"

    def offer(self, *tools: Scripted) -> None:
        """Offer these from now on."""
        self.tools |= {tool.name: tool for tool in tools}

    async def _list(self, context: Any, params: Any) -> ListToolsResult:
        self.lists += 1
        start = int((params and params.cursor) or 0)
        every = [tool.listed() for tool in self.tools.values()]
        following = start + self.page_size
        return ListToolsResult(
            tools=every[start:following], next_cursor=str(following) if following < len(every) else None
        )

    async def _call(self, context: Any, params: Any) -> CallToolResult:
        tool, given = self.tools[params.name], dict(params.arguments or {})
        self.called.append((params.name, given))
        try:
            for step in range(tool.steps):
                await context.session.report_progress(step + 1, tool.steps, f"step {step + 1}")
                await asyncio.sleep(tool.seconds)
            if not tool.steps:
                await asyncio.sleep(tool.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        answer = tool.answer(given)
        if isinstance(answer, CallToolResult):
            return answer
        if isinstance(answer, dict):
            return CallToolResult(content=[TextContent(type="text", text=str(answer))], structured_content=answer)
        return CallToolResult(content=[TextContent(type="text", text=str(answer))])


def failing(text: str) -> CallToolResult:
    """What a tool answers that failed."""
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def picture() -> CallToolResult:
    """Words and a picture of one pixel."""
    return CallToolResult(
        content=[TextContent(type="text", text="here"), ImageContent(type="image", data=PIXEL, mime_type="image/png")]
    )


@contextmanager
def mcp_server(*tools: Scripted, stateless: bool = False, json_response: bool = False) -> Iterator[McpServer]:
    """A server on a free port. `stateless`: it gives out no session ids; `json_response`: it streams nothing."""
    import uvicorn
    from mcp.server import Server
    from mcp.server.transport_security import TransportSecuritySettings

    state = McpServer()
    state.offer(*tools)
    inner = Server("fake", on_list_tools=state._list, on_call_tool=state._call)
    app = inner.streamable_http_app(
        stateless_http=stateless,
        json_response=json_response,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        state.seen.append((scope["method"], scope["path"], headers))
        status, more = 0, []
        if state.redirect:
            status, more = 307, [(b"location", state.redirect.encode())]
        elif state.allows is not None and not state.allows(headers.get("authorization", "")):
            status, more = 401, [(b"www-authenticate", b"Bearer")]
        if status:
            await send({"type": "http.response.start", "status": status, "headers": more})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    state.port = listening.getsockname()[1]
    config = uvicorn.Config(gate, log_level="critical", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()
