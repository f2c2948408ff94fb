"""Ports on the loopback address: whether one is free, and which to take."""

import random
import socket
from typing import Final

from infra.local.options import HOST

# Below the ports that outgoing connections are given, so that none is lost while its process restarts.
_RANGE: Final = range(10_000, 15_000)
_TRIES: Final = 1_000


def is_free(port: int) -> bool:
    """Tell whether a server could listen on that port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return `count` different free ports; OSError when there are not that many."""
    found: list[int] = []
    for port in random.sample(_RANGE, _TRIES):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"fewer than {count} of the ports {_RANGE.start} to {_RANGE.stop - 1} are free")
