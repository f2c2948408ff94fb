"""Free ports on the loopback address."""

import random
import socket
from contextlib import ExitStack

# Below the range that systems take the ports of outgoing connections from: such a connection could take one of these
# before the program it is meant for does, and one that is tried again and again even connects to itself.
_FIRST, _LAST = 15_000, 32_000
_RANDOM = random.SystemRandom()  # the other one begins anew with every test
_given: set[int] = set()  # what fixtures of the session keep for later has nobody listening on it yet


def free_ports(count: int) -> list[int]:
    """Return `count` ports that nothing listens on, and that nobody in this process was given before."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            assert len(_given) < _LAST - _FIRST - 1_000, "every port was given once"
            opened = stack.enter_context(socket.socket())
            port = _RANDOM.randint(_FIRST, _LAST)
            if port in _given:
                continue
            try:
                opened.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            _given.add(port)
    return found
