"""What the recurring-task service counts beside the metrics that every service keeps."""

from typing import Final

from prometheus_client import Counter

OCCURRENCES: Final = Counter("occurrences_total", "Occurrences asked for, by the backend's answer", ["outcome"])
GAPS: Final = Counter("occurrence_gaps_total", "Gaps filled from the backend's log")
