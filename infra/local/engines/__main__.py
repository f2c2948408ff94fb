"""`python -m infra.local.engines`, also `make engines`: build or find everything that RUNTIME=dapr starts."""

import sys
import time
from collections.abc import Callable

from infra.local.engines.build import Cache, EngineError, build_dapr, build_kafka, cache, java
from infra.local.engines.postgresql import find, install, programs


def main() -> int:
    """Return the exit code: 0 when every engine is there, 1 when one cannot be had."""
    found = cache()
    try:
        with found.claimed():
            for name, is_there, make, where in _steps(found):
                _step(name, is_there, make, where)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("the engines are ready: make up RUNTIME=dapr")
    return 0


def _steps(found: Cache) -> list[tuple[str, Callable[[], object], Callable[[], object], Callable[[], object]]]:
    """Return the parts: how to see that one is there, how to make it, and where it is then."""
    return [
        ("postgresql", find, install, programs),
        ("kafka", found.kafka.is_dir, lambda: build_kafka(found), lambda: f"{found.kafka}, run by {java()}"),
        ("dapr", found.dapr.is_dir, lambda: build_dapr(found), lambda: found.dapr),
    ]


def _step(name: str, is_there: Callable[[], object], make: Callable[[], object], where: Callable[[], object]) -> None:
    began, verb = time.monotonic(), "found"
    if not is_there():
        print(f"{name}: to be made; the first time takes minutes", flush=True)
        make()
        verb = "made"
    print(f"{name}: {verb} in {time.monotonic() - began:.1f} s: {where()}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
