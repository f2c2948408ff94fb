"""Work that may need several commits: taken in runs, smaller ones once a run does not fit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from services.backend.commit import Outcome, TooLarge

MOST: Final = 400

T = TypeVar("T")


async def in_parts(items: Sequence[T], execute: Callable[[Sequence[T], bool], Awaitable[Outcome]]) -> Outcome:
    """Execute runs of the items in their order, and return what the last one came to; one run where there are none.

    `execute(run, is_last)` makes one commit. TooLarge: an item that does not fit alone.
    """
    done, most = 0, MOST
    while True:
        run = items[done : done + most]
        try:
            outcome = await execute(run, done + len(run) >= len(items))
        except TooLarge:
            if len(run) <= 1:
                raise
            most = len(run) // 2
            continue
        done += len(run)
        if done >= len(items):
            return outcome
