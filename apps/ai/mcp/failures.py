"""Why an MCP server is of no help, and what the codes mean for the page of error codes."""

from __future__ import annotations

from apps.core.error_codes import ErrorCode, declare

declare(
    ErrorCode(
        "ai.mcp_refused",
        None,
        "An MCP server answered with a status that refuses.",
        "Check its address, and the credential of the tool.",
    ),
    ErrorCode("ai.mcp_error", None, "An MCP server refused what it was asked.", "Its own words stand in the message."),
    ErrorCode(
        "ai.mcp_timeout",
        None,
        "An MCP server did not answer in time.",
        "Raise the time limit of the tool if it is slow.",
    ),
    ErrorCode(
        "ai.mcp_unreadable",
        None,
        "A server answered with something that is not MCP.",
        "Check that the address is that of an MCP server with streamable HTTP.",
    ),
    ErrorCode(
        "ai.mcp_tool_changed",
        None,
        "A tool is not what was offered when the run began, and was not called.",
        "Look at what the server says of it now; if that is right, start the run again.",
    ),
    ErrorCode(
        "ai.mcp_tool_missing",
        None,
        "A tool is not offered by its server any more.",
        "Correct the names in “Only these tools”, or start the run again.",
    ),
    ErrorCode("ai.mcp_tool_failed", None, "A tool of an MCP server failed.", "Its own words stand in the message."),
)
