"""The day of a test: it does not end while a test that speaks of it runs."""

import time
from datetime import UTC, date, datetime, timedelta


def lasting_day(seconds: float) -> date:
    """Return the day (UTC), which goes on for `seconds` at least: a nearer midnight is waited for."""
    while (now := datetime.now(UTC)).date() != (now + timedelta(seconds=seconds)).date():
        time.sleep(0.1)
    return now.date()
