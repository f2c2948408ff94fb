"""Waiting for what happens soon, in place of sleeping for as long as it might take."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE_SECONDS = 60  # costs nothing where things go well, and a slow machine all it needs


async def eventually(
    check: Callable[[], Awaitable[Any] | Any], within: float = PATIENCE_SECONDS, every: float = 0.02
) -> Any:
    """Return what `check` answers once it is truthy and raises no AssertionError; fail after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found, problem = None, None
        try:
            found = check()
            if inspect.isawaitable(found):
                found = await found
        except AssertionError as error:
            problem = error
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s: the last answer was {found!r}") from problem
        await asyncio.sleep(every)


async def never(check: Callable[[], object], during: float = 0.5) -> None:
    """Fail as soon as `check` is truthy within `during` seconds, at whose end it is asked once more."""
    end = time.monotonic() + during
    while True:
        assert not (found := check()), f"this must not be: {found!r}"
        if time.monotonic() >= end:
            return
        await asyncio.sleep(0.01)
