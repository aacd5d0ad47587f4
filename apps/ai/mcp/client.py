"""One session with an MCP server, for one piece of work: asked for its tools, or to do one thing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from apps.ai.mcp.listing import LONGEST_TITLE, ListedTool, Listing, clean_text
from apps.core import jsonclean
from apps.core.egress import EgressError, bridge
from apps.core.errors import DomainError
from apps.nodes.contract import Http, Json, NodeError

if TYPE_CHECKING:
    from mcp.client import Client

MAX_BYTES = 10_000_000
MOST_PAGES = 20
_ENDING_SECONDS = 2.0
_SAID = 2_000
_MOST_LISTED = 1_000
_TIMED_OUT, _CLOSED = -32001, -32000
T = TypeVar("T")
OnProgress = Callable[[float, float | None, str], None]


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it is reached. `http` signs; `seconds` is what one piece of work may take, sessions included."""

    url: str
    http: Http
    seconds: float = 60.0

    @property
    def host(self) -> str:
        """What it is called in errors."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


@dataclass(slots=True)
class _Work:
    """How far a piece of work is, for what is said when it fails."""

    transport: bridge.DoorTransport
    is_writing: bool = False


def list_tools(server: Server, *, wanted: Collection[str] = (), protocol: str = "") -> Listing:
    """The tools the server has now. Raises `NodeError`."""

    async def listed(session: Client, work: _Work) -> Listing:
        return await _listing(session, wanted)

    return _worked(server, listed, protocol=protocol)


def call_tool(
    server: Server,
    name: str,
    arguments: Mapping[str, Json],
    *,
    digest: str,
    is_read: Callable[[ListedTool], bool],
    protocol: str = "",
    on_progress: OnProgress | None = None,
) -> dict[str, Json]:
    """What the tool answered, as the server wrote it (`CallToolResult`).

    The server is first asked for its tools again: one that is not what was offered (`digest`) any more is not called.
    Raises `NodeError`: `ai.mcp_tool_changed`, `ai.mcp_tool_missing`; with `is_unknown` when it was sent, no answer was
    seen, and it is not one that only reads.
    """

    async def called(session: Client, work: _Work) -> dict[str, Json]:
        tool = _same(server, name, digest, await _listing(session, (name,)))
        work.is_writing = not is_read(tool)

        async def told(progress: float, total: float | None, message: str | None) -> None:
            if on_progress is not None:
                on_progress(progress, total, clean_text(message or "", LONGEST_TITLE))

        answer = await session.call_tool(name, dict(arguments), progress_callback=told)
        written: dict[str, Json] = jsonclean.cleaned(answer.model_dump(mode="json", by_alias=True, exclude_none=True))
        return written

    return _worked(server, called, protocol=protocol)


def _same(server: Server, name: str, digest: str, now: Listing) -> ListedTool:
    found = next((each for each in now.tools if each.name == name), None)
    if found is None:
        raise NodeError(
            "ai.mcp_tool_missing",
            f"{server.host} does not offer the tool “{clean_text(name, LONGEST_TITLE)}” any more.",
            "Start the run again, so that the tools of now are offered.",
        )
    if found.digest != digest:
        raise NodeError(
            "ai.mcp_tool_changed",
            f"{server.host} has changed its tool “{found.title}” since it was offered. It was not called.",
            "Look at what the server says of it now. If that is right, start the run again.",
        )
    return found


async def _listing(session: Client, wanted: Collection[str]) -> Listing:
    written: list[dict[str, Json]] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await session.list_tools(cursor=cursor)
        written += (
            jsonclean.cleaned(tool.model_dump(mode="json", by_alias=True, exclude_none=True)) for tool in page.tools
        )
        cursor = page.next_cursor
        if not cursor or len(written) >= _MOST_LISTED:
            break
    return Listing.of(written, wanted=wanted, protocol=session.protocol_version)


# ── A session ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _worked(server: Server, do: Callable[[Client, _Work], Awaitable[T]], *, protocol: str) -> T:
    """Do it in a session of its own, on a loop of its own that has ended when this returns."""
    transport = bridge.DoorTransport(
        server.http, seconds=server.seconds + _ENDING_SECONDS, max_bytes=MAX_BYTES, methods=("POST", "DELETE")
    )
    work = _Work(transport)

    async def worked() -> T:
        async with asyncio.timeout(server.seconds + _ENDING_SECONDS), _session(server, transport, protocol) as session:
            return await do(session, work)

    try:
        return asyncio.run(worked())
    except BaseExceptionGroup as several:
        raise _said(server, _first(several), work) from None
    except Exception as failed:
        raise _said(server, failed, work) from None


@asynccontextmanager
async def _session(server: Server, transport: bridge.DoorTransport, protocol: str) -> AsyncIterator[Client]:
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp_types import Implementation
    from mcp_types.version import MODERN_PROTOCOL_VERSIONS

    mode = "auto" if not protocol else protocol if protocol in MODERN_PROTOCOL_VERSIONS else "legacy"
    async with bridge.client(transport) as http:
        stream = streamable_http_client(server.url, http_client=http, max_sse_event_size=MAX_BYTES)
        info = Implementation(name="AgentFlow", version="0.1")
        # No answers to what a server may ask back: it gets no model, no files and no person from here.
        async with Client(stream, read_timeout_seconds=server.seconds, client_info=info, mode=mode, cache=None) as made:
            yield made


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = next(
            (each for each in group.exceptions if not isinstance(each, asyncio.CancelledError)), group.exceptions[0]
        )
    return group


def _said(server: Server, failed: BaseException, work: _Work) -> NodeError:
    """Why it failed, as an error of the run."""
    from mcp.shared.exceptions import MCPError

    is_sent, cause = work.is_writing, work.transport.failure
    if isinstance(failed, NodeError):
        return failed
    if isinstance(cause, EgressError):
        return NodeError(
            cause.code.replace("egress.", "http."),
            cause.message,
            cause.hint,
            retryable=cause.is_passing and not (is_sent and cause.sent),
            is_unknown=is_sent and cause.is_unknown,
            retry_after=cause.retry_after,
        )
    if isinstance(cause, DomainError):
        return NodeError(cause.code, cause.message, cause.hint, retryable=cause.status == 503)
    if isinstance(failed, TimeoutError) or (isinstance(failed, MCPError) and failed.code == _TIMED_OUT):
        return NodeError(
            "ai.mcp_timeout",
            f"{server.host} did not answer within {server.seconds:.0f} s.",
            "Raise the time limit of the tool if it is slow.",
            retryable=not is_sent,
            is_unknown=is_sent,
        )
    if work.transport.status >= 400:
        status = work.transport.status
        return NodeError(
            "ai.mcp_refused",
            f"{server.host} answered with status {status}.",
            "Choose or renew the credential of this tool."
            if status in (401, 403)
            else "Check the address of the server.",
            retryable=status in (429, 503),
            details={"status": status},
        )
    if isinstance(failed, MCPError):
        is_lost = failed.code == _CLOSED
        return NodeError(
            "ai.mcp_error",
            f"{server.host} refused: {clean_text(failed.message, _SAID)}",
            retryable=is_lost and not is_sent,
            is_unknown=is_lost and is_sent,
        )
    done = " What it was asked to do is done." if is_sent else ""
    what = clean_text(str(failed).partition("\n")[0], 300)
    return NodeError(
        "ai.mcp_unreadable",
        f"{server.host} answered with something that is not MCP: {what}.{done}",
        "Check that the address is that of an MCP server with streamable HTTP.",
    )
