"""A bound on what the recurrence rules of one request may cost together; one alone is bounded by its horizon."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_left: ContextVar[list[int] | None] = ContextVar("effort_left", default=None)


class TooMuchEffort(ValueError):
    """The rules of a request take too long to work out together."""


@contextmanager
def limited(years: int) -> Iterator[None]:
    """Let the rules that are worked out inside look at so many years in all; TooMuchEffort from then on."""
    token = _left.set([years])
    try:
        yield
    finally:
        _left.reset(token)


def spend_year() -> None:
    """Count one year that a rule is worked out for."""
    left = _left.get()
    if left is None:
        return
    if left[0] <= 0:
        raise TooMuchEffort("the rules of this request take too long to work out; send fewer at once, or simpler ones")
    left[0] -= 1
