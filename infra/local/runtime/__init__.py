"""The embedded Dapr runtime: the Dapr API over SQLite in one process, for a machine with no other server.

Every application of the settings gets a gRPC and an HTTP port of its own, as it would get a sidecar; which
application calls follows from the port. Start it with `python -m infra.local.runtime SETTINGS.json`.
"""
