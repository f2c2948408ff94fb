"""What the notification service alone is told by its surroundings."""

import os
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError

from services.kit.config import ConfigError
from services.kit.task import Frozen

_VARIABLES: Final = {
    "allow_private": "WEBHOOK_ALLOW_PRIVATE",
    "retry_seconds": "RETRY_SECONDS",
    "hold_seconds": "HOLD_SECONDS",
}
_DAY: Final = 86_400

Seconds = Annotated[float, Field(gt=0, le=_DAY)]


class Options(Frozen):
    """Settings of delivery.

    `allow_private` lets webhooks go to private addresses and over plain HTTP: for development and tests alone.
    `retry_seconds` are the waits between the attempts of a channel; after the last of them it has failed.
    `hold_seconds` is how long a process that took up a delivery is left alone with it.
    """

    allow_private: bool = False
    retry_seconds: tuple[Seconds, ...] = Field(default=(5, 30, 120, 600, 3600, 21_600), min_length=1, max_length=20)
    hold_seconds: Seconds = 30

    @property
    def attempts(self) -> int:
        """How often a channel is tried before it has failed."""
        return len(self.retry_seconds) + 1

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the options; ConfigError names every variable that is wrong. RETRY_SECONDS is a list with spaces."""
        values: dict[str, object] = {}
        for field, variable in _VARIABLES.items():
            if text := environment.get(variable, "").strip():
                values[field] = tuple(text.split()) if field == "retry_seconds" else text
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = [f"{_VARIABLES[str(e['loc'][0])]}: {e['msg']}" for e in error.errors()]
            raise ConfigError("notification cannot start: " + "; ".join(problems)) from None
