"""`/mcp`: the Model Context Protocol, spoken by the official SDK over the registry of tools."""
