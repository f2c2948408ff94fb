"""The metrics that the notification service keeps beside those of every service."""

from typing import Final

from prometheus_client import Counter, Gauge

ATTEMPTS: Final = Counter("notification_attempts_total", "Attempts to reach a person", ["channel", "result"])
OUTCOMES: Final = Counter("notification_outcomes_total", "Reminders whose outcome is known", ["outcome"])
WAITING: Final = Gauge("notification_waiting", "Deliveries taken up by this process that are not through yet")
