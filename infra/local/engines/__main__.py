"""`python -m infra.local.engines`, also `make engines`: build or find everything that RUNTIME=dapr starts."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.engines.build import Cache, EngineError, build_dapr, build_kafka, cache, java
from infra.local.engines.classes import keep_classes
from infra.local.engines.postgresql import find, install, programs


@dataclass(frozen=True, slots=True)
class Step:
    """One part: how to see that it is there, how to make it, and where it is then."""

    name: str
    is_there: Callable[[], object]
    make: Callable[[], object]
    where: Callable[[], object]

    def take(self) -> None:
        """See to it that the part is there, and say what that took."""
        began, verb = time.monotonic(), "found"
        if not self.is_there():
            print(f"{self.name}: to be made; the first time takes minutes", flush=True)
            self.make()
            verb = "made"
        print(f"{self.name}: {verb} in {time.monotonic() - began:.1f} s: {self.where()}", flush=True)


def main() -> int:
    """Return the exit code: 0 when every engine is there, 1 when one cannot be had."""
    found = cache()
    try:
        with found.claimed():
            for step in _steps(found):
                step.take()
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("the engines are ready: make up RUNTIME=dapr")
    return 0


def _steps(found: Cache) -> tuple[Step, ...]:
    return (
        Step("postgresql", find, install, programs),
        Step("kafka", found.kafka.is_dir, lambda: build_kafka(found), lambda: f"{found.kafka}, run by {java()}"),
        Step("kafka classes", found.classes.exists, lambda: keep_classes(found), lambda: found.classes),
        Step("dapr", found.dapr.is_dir, lambda: build_dapr(found), lambda: found.dapr),
    )


if __name__ == "__main__":
    sys.exit(main())
