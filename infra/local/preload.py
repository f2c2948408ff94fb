"""What is imported once, before the processes are forked from this one.

The libraries are most of a service's start and of its memory. Imported here, they cost both once instead of six
times (docs/decisions/0008-forked-processes.md). The platform's own modules stay out, so that a restarted process runs
the code as it is on disk. None of these may start a thread when it is imported; tests/local holds them to that.
"""

import gc
import importlib
from typing import Final

LIBRARIES: Final = (
    "aiohttp.web",
    "dapr.proto",
    "fastapi",
    "grpc.aio",
    "httptools",
    "mcp.server.lowlevel",
    "mcp.server.streamable_http_manager",
    "orjson",
    "prometheus_client",
    "pydantic",
    "pythonjsonlogger.json",
    "starlette.staticfiles",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)


def preload() -> None:
    """Import the libraries, and keep the garbage collector of the children from touching their pages."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
