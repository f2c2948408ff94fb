"""The Prometheus metrics that every service keeps; a service adds its own beside them."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)

REQUESTS: Final = Histogram(
    "http_request_seconds", "Requests answered", ["method", "route", "status"], buckets=_SECONDS
)
PUBLISHED: Final = Counter("events_published_total", "Events handed to the event stream", ["topic"])
CONSUMED: Final = Counter("events_consumed_total", "Events taken from the event stream", ["topic", "outcome"])
EVENT_LAG: Final = Histogram("event_lag_seconds", "From an event's time to its handling", ["topic"], buckets=_SECONDS)
PUBLISH_LAG: Final = Histogram("publish_lag_seconds", "From a commit to its events' publication", buckets=_SECONDS)
RELAY_PENDING: Final = Gauge("relay_pending_people", "People whose log has events that are not published yet")
REMINDER_LATENESS: Final = Histogram(
    "reminder_lateness_seconds", "From a reminder's time to its event", buckets=_SECONDS
)
SIDECAR_CALLS: Final = Counter("sidecar_calls_total", "Calls to the Dapr sidecar", ["operation", "outcome"])
WEBSOCKETS: Final = Gauge("websocket_clients", "WebSocket clients connected")
WEBSOCKET_CLOSES: Final = Counter("websocket_closes_total", "WebSocket connections that ended", ["code"])
RELAY_READS: Final = Counter("relay_reads_total", "What the WebSocket relay asked the backend", ["kind", "status"])


async def expose(_: Request) -> Response:
    """Answer `GET /metrics` in the Prometheus text format."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
