"""JSON log lines on standard output: one object a line, with the trace, the person (hashed) and the event."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from services.kit import trace


class _Context(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        for name, variable in (
            ("trace_id", trace.trace_id),
            ("person", trace.person),
            ("event_id", trace.event_id),
        ):
            if value := variable.get():
                setattr(record, name, value)
        return True


def configure(app_id: str, level: str) -> None:
    """Send every log of this process to standard output as JSON, from `level` up."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            static_fields={"service": app_id},
        )
    )
    handler.addFilter(_Context())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("uvicorn.access", "uvicorn.error", "httptools", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
