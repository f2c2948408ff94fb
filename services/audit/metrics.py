"""What the audit service counts beside the metrics that every service keeps."""

from typing import Final

from prometheus_client import Counter

ENTRIES: Final = Counter("audit_entries_total", "Entries written to the trail", ["kind"])
PROOFS: Final = Counter("audit_proofs_total", "Trails that were verified", ["outcome"])
