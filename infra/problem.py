"""A setting that is wrong, and the command that mends it."""

import shlex
from dataclasses import dataclass
from typing import Final

from infra.settings import SECRETS

PLACEHOLDER: Final = "<value>"


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that is wrong, and the value to give it; None takes it away."""

    key: str
    message: str
    value: str | None = PLACEHOLDER

    def command(self, stack: str) -> str:
        """Return the command that mends it."""
        secret = " --secret" if self.key in SECRETS and self.value is not None else ""
        path = " --path" if "." in self.key or "[" in self.key else ""
        verb, value = ("rm", "") if self.value is None else ("set", f" {self.value}")
        return f"pulumi config {verb} --stack {stack}{secret}{path} {shlex.quote(self.key)}{value}"
