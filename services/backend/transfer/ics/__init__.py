"""iCalendar (RFC 5545): tasks as VTODO components, the format that calendar programs and CalDAV servers share.

Priority: urgent is written as 1, high as 3, medium as 5, low as 9, none is left out. Read, 1 to 4 are high (programs
that know one high priority write 1), 5 medium, 6 to 9 low; a 1 is urgent only where our own extension beside it says
so. What iCalendar has no property for stands in that extension, `X-TASK-PLATFORM` (see `extras`), so that an export
comes back whole but for what a reminder has come to and fractions of a second.
"""

from services.backend.transfer.ics.read import read
from services.backend.transfer.ics.write import write

__all__ = ["read", "write"]
