"""The client of MCP servers, over streamable HTTP and nothing else: no command of anybody is started.

The only place that imports `mcp`, inside functions and in workers only. Every request leaves through the door it is
given, so that addresses are checked, credentials renewed and secrets cleaned out of answers as everywhere. What a
server says of itself is somebody else's text: bounded, cleaned, and believed only where the author of a workflow said.
"""

from __future__ import annotations

from apps.ai.mcp.client import Server, call_tool, list_tools
from apps.ai.mcp.listing import ListedTool, Listing, offered_names

__all__ = ["ListedTool", "Listing", "Server", "call_tool", "list_tools", "offered_names"]
