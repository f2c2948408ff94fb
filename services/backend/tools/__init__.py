"""What can be done with a list, as typed tools: one registry, which MCP clients and the assistant use alike."""
