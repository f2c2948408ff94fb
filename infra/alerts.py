"""What is watched, as data: the alerts and the panels of the dashboard, over the metrics that services keep.

Whoever scrapes adds the label `service`; `job` is the same for all, since one monitor finds them all.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

DASHBOARD: Final = "task-platform"


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that tells how the platform is: an expression to look at, and from where on it wakes somebody.

    `above` is the value that is too much once it has lasted for `minutes`; a signal without one is only shown.
    """

    name: str
    title: str
    expression: str
    unit: Literal["s", "percentunit", "short"] = "short"
    above: float | None = None
    minutes: int = 10
    severity: Literal["page", "ticket"] = "ticket"
    meaning: str = ""


def _quantile(quantile: float, metric: str, by: str = "") -> str:
    labels = "le" + (f", {by}" if by else "")
    return f"histogram_quantile({quantile}, sum by ({labels}) (rate({metric}_bucket[5m])))"


_ERRORS: Final = (
    'sum by (service) (rate(http_request_seconds_count{status=~"5.."}[5m]))'
    " / sum by (service) (rate(http_request_seconds_count[5m]))"
)

SIGNALS: Final = (
    Signal(
        "EventsLate", "Event lag, p99 by topic", _quantile(0.99, "event_lag_seconds", "topic"), "s", 5,
        meaning="consumers are behind: look at their readiness, at restarts, at a partition that retries for ever",
    ),
    Signal(
        "PublishingSlow", "From commit to publication, p99", _quantile(0.99, "publish_lag_seconds"), "s", 5,
        meaning="events leave the log late: the brokers are slow or away; nothing is lost, and changes are accepted",
    ),
    Signal(
        "EventsHeldBack", "People with events not published", "sum(relay_pending_people)", "short", 100, 15, "page",
        meaning="the relay does not get rid of its events: the event stream is away or refuses them",
    ),
    Signal(
        "RemindersLate", "Reminder lateness, p95", _quantile(0.95, "reminder_lateness_seconds"), "s", 60,
        severity="page", meaning="people are reminded late: look at Dapr's scheduler and at the backend",
    ),
    Signal(
        "RequestsFail", "Share of requests that fail, by service", _ERRORS, "percentunit", 0.01, 5, "page",
        meaning="a service answers with 5xx: look at its log, at its sidecar and at the state store",
    ),
    Signal(
        "EventsPoisoned", "Events that nobody can handle, an hour",
        'sum by (topic) (increase(events_consumed_total{outcome="DROP"}[1h]))', "short", 0, 0,
        meaning="an event was dropped to the service's record of poisoned events: read it, mend the cause",
    ),
    Signal(
        "SidecarCallsFail", "Calls to the sidecar that fail, a second",
        'sum by (operation) (rate(sidecar_calls_total{outcome!~"OK|2..|4.."}[5m]))', "short", 1,
        meaning="sidecars do not do what they are asked for: look at Dapr and at what its components stand on",
    ),
    Signal(
        "DaprDown", "Parts of Dapr that do not answer", 'sum(up{namespace="dapr-system"} == bool 0)',
        above=0, minutes=5, severity="page",
        meaning="while the injector is away no pod can start, and while the scheduler is, no reminder falls due",
    ),
    Signal("Clients", "WebSocket clients", "sum(websocket_clients)"),
    Signal("Requests", "Requests a second, by service", "sum by (service) (rate(http_request_seconds_count[5m]))"),
    Signal("Latency", "Latency of requests, p95 by service", _quantile(0.95, "http_request_seconds", "service"), "s"),
)  # fmt: skip


def rules() -> list[dict[str, Any]]:
    """Return the alert rules as Prometheus reads them."""
    return [
        {
            "alert": signal.name,
            "expr": f"{signal.expression} > {signal.above:g}",
            "for": f"{signal.minutes}m",
            "labels": {"severity": signal.severity},
            "annotations": {"summary": signal.title, "description": signal.meaning},
        }
        for signal in SIGNALS
        if signal.above is not None
    ]


def dashboard() -> str:
    """Return the Grafana dashboard as JSON: a panel a signal, two in a row."""
    panels = [_panel(index, signal) for index, signal in enumerate(SIGNALS)]
    return json.dumps(
        {
            "uid": DASHBOARD,
            "title": "Task platform",
            "schemaVersion": 39,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "panels": panels,
        },
        indent=1,
    )


def _panel(index: int, signal: Signal) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if signal.above is not None:
        steps.append({"color": "red", "value": signal.above})
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": signal.title,
        "description": signal.meaning,
        "gridPos": {"h": 8, "w": 12, "x": 12 * (index % 2), "y": 8 * (index // 2)},
        "targets": [{"refId": "A", "expr": signal.expression}],
        "fieldConfig": {
            "defaults": {"unit": signal.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
    }
