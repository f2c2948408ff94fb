"""The public entry: the gateway to the other services, the WebSocket relay, and the pages."""
