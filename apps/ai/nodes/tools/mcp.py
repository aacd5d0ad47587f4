"""Tools of an MCP server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from apps.ai.mcp import ListedTool, Server, call_tool, list_tools, offered_names
from apps.ai.mcp.keeping import forget, kept_or
from apps.ai.mcp.results import output_of
from apps.nodes.contract import (
    Context,
    CredentialRef,
    Done,
    Effect,
    Example,
    Expr,
    Function,
    HttpAuth,
    Json,
    NoAuth,
    NodeError,
    Offer,
    Tool,
    ToolParams,
    asked,
)

_RESULT = {"resultType": "complete", "cacheScope": "private", "ttlMs": 0}
_VERSION = _RESULT | {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
_SEARCH = {"name": "search", "inputSchema": {"type": "object", "properties": {"words": {"type": "string"}}}}
_LIST = _RESULT | {"tools": [_SEARCH]}
_FOUND = {"resultType": "complete", "content": [{"type": "text", "text": "See page 4."}]}
_STALE = ("ai.mcp_tool_changed", "ai.mcp_tool_missing")


class Mcp(Tool):
    """Let an agent use the tools of an MCP server.

    The server speaks streamable HTTP; no program is started. What it says of its tools is somebody else's text: it is
    shortened, shown to the model as it is, and believed only where you say so. Every call counts as a change, and waits
    for a person, unless you trust the server or let the model call by itself. A tool that is not what was offered when
    the run began is not called.
    """

    subtype, icon, name = "MCP", "plug", "MCP server"
    summary = "{url}"
    keywords = ("mcp", "model context protocol", "server", "tools", "connector")

    class Params(ToolParams):
        url: Annotated[Expr[Annotated[str, Field(min_length=1, max_length=2_000)]], asked("Address")]
        """The address of the server, such as `https://mcp.example.com/mcp`."""
        auth: HttpAuth = NoAuth()
        """How the agent proves who it is. For servers with OAuth, an OAuth 2 credential."""
        tools: Annotated[
            list[Annotated[str, Field(min_length=1, max_length=200)]], asked("Only these tools", widget="lines")
        ] = []
        """The tools the agent gets, by the names the server gives them, one per line. Left out: all of them."""
        trusts_server: Annotated[bool, asked("Believe the server")] = False
        """Believe what the server says of its tools: that one only reads, or may be called twice. What only reads needs
        no approval then."""
        timeout_seconds: Annotated[int, Field(ge=1, le=3_600), asked("Time limit", group="More")] = 60
        """How long the server may take to answer a call."""

    examples = (
        Example(
            "Search the documentation, without asking anybody",
            params={"url": "https://mcp.example.com/mcp", "tools": ["search"], "approval": "never"},
            input={"words": "refunds"},
            answers=[
                {"json": {"jsonrpc": "2.0", "id": 1, "result": _VERSION}},
                {"json": {"jsonrpc": "2.0", "id": 2, "result": _LIST}},
                {"json": {"jsonrpc": "2.0", "id": 1, "result": _LIST}},
                {"json": {"jsonrpc": "2.0", "id": 2, "result": _FOUND}},
            ],
            returns="See page 4.",
        ),
    )

    def offers(self, params: Params, ctx: Context) -> Sequence[Offer]:
        """What the server lists."""
        server = _server(params, ctx)
        listing = kept_or(ctx.place.workspace_id, _asked(params), lambda: list_tools(server, wanted=params.tools))
        missing = sorted(set(params.tools) - {tool.name for tool in listing.tools} - set(listing.left_out))
        if missing:
            forget(ctx.place.workspace_id, _asked(params))
            raise NodeError(
                "ai.mcp_tool_missing",
                f"{server.host} offers no tool “{missing[0]}”.",
                "Correct the names in “Only these tools”.",
            )
        if listing.left_out:
            ctx.log(
                f"Of the tools of {server.host}, {len(listing.left_out)} are too large or too many and left out.",
                level="warning",
                data=list(listing.left_out[:50]),
            )
        return [
            self._offer(params, name, tool, listing.protocol) for name, tool in offered_names(listing.tools).items()
        ]

    def call(self, params: Params, ctx: Context, name: str, arguments: Mapping[str, Json]) -> Done:
        """Ask the server to do it, if it is still what was offered."""
        wanted, digest, protocol = json.loads(name)
        try:
            answer = call_tool(
                _server(params, ctx),
                wanted,
                arguments,
                digest=digest,
                is_read=lambda tool: params.trusts_server and tool.reads,
                protocol=protocol,
                on_progress=ctx.progress,
            )
        except NodeError as failed:
            if failed.code in _STALE:
                forget(ctx.place.workspace_id, _asked(params))
            raise
        return Done(output_of(answer, ctx.artifacts))

    def _offer(self, params: Params, name: str, tool: ListedTool, protocol: str) -> Offer:
        effect = Effect.READ if params.trusts_server and tool.reads else Effect.WRITE
        return Offer(
            function=Function(name=name, description=tool.description, parameters=tool.parameters),
            effect=effect,
            honours_key=params.trusts_server and tool.repeats,
            needs_approval=params.needs_approval(effect),
            title=tool.title,
            own=json.dumps([tool.name, tool.digest, protocol]),
        )


def _server(params: Mcp.Params, ctx: Context) -> Server:
    return Server(params.url, ctx.credentials.http(params.auth), min(params.timeout_seconds, ctx.timeout_seconds))


def _asked(params: Mcp.Params) -> tuple[str, ...]:
    credential = str(params.auth.credential) if isinstance(params.auth, CredentialRef) else ""
    return (params.url, credential, *sorted(params.tools))
