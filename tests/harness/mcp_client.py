"""The MCP SDK's own client, connected to `/mcp` with a bearer token."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult


@asynccontextmanager
async def connected(url: str, headers: Mapping[str, str] | None = None, mode: str = "auto") -> AsyncIterator[Client]:
    """Connect; `mode` is `auto` (today's protocol, without a handshake) or `legacy` (the one of 2025, with one)."""
    async with (
        httpx2.AsyncClient(headers=dict(headers or {}), timeout=60, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def use(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that has to succeed; return its result, which the client has held against the tool's schema."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


async def refused(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that has to refuse; return the problem document, which is text: no client may hold it to a schema."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert result.is_error, result.structured_content
    assert result.structured_content is None
    detail, document = (part.text for part in result.content)  # type: ignore[union-attr]
    problem: dict[str, Any] = json.loads(document)
    assert detail == problem["detail"]
    return problem
